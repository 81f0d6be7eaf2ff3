//! Members of groups beyond the network: among themselves, beside members of the shell, and when processes die.

mod classic;
mod member;
mod modern;
mod offsets;
mod shell;
