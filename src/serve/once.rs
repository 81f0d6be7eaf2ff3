//! Each of the things that a request names is answered once, however often it is named: an answer may be thousands of times
//! as long as a name.

use std::collections::HashSet;
use std::hash::Hash;

/// The first of those that have the same key, in their order.
pub(super) fn once<T, K: Eq + Hash>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> K,
) -> impl Iterator<Item = T> {
    let mut seen = HashSet::new();
    items.into_iter().filter(move |item| seen.insert(key(item)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_is_kept() {
        let items = [("b", 1), ("a", 2), ("b", 3), ("c", 4), ("a", 5)];
        let kept: Vec<_> = once(items, |item| item.0).collect();
        assert_eq!(kept, [("b", 1), ("a", 2), ("c", 4)]);
    }
}
