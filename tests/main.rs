//! The only test binary; its modules are listed here.
