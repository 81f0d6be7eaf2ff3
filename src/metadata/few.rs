//! `Few`: a short immutable list that lives inside its owner. Most partitions have one to three replicas, and a
//! cluster may have a hundred thousand partitions: one allocation less for each of their lists is what makes the
//! image load fast.

use std::fmt;
use std::ops::Deref;

/// A list of up to `N` items without an allocation, or of more with one.
#[derive(Clone)]
pub(crate) struct Few<T, const N: usize>(Inner<T, N>);

#[derive(Clone)]
enum Inner<T, const N: usize> {
    Inline { length: u8, items: [T; N] },
    Heap(Box<[T]>),
}

impl<T: Copy + Default, const N: usize> Few<T, N> {
    /// Takes what `items` yields, up to its first error.
    pub(crate) fn try_collect<E>(items: impl IntoIterator<Item = Result<T, E>>) -> Result<Few<T, N>, E> {
        let mut items = items.into_iter();
        let mut inline = [T::default(); N];
        let mut length = 0_u8;
        for place in &mut inline {
            match items.next() {
                None => return Ok(Few(Inner::Inline { length, items: inline })),
                Some(item) => *place = item?,
            }
            length += 1;
        }
        let Some(next) = items.next() else { return Ok(Few(Inner::Inline { length, items: inline })) };
        let mut all = inline.to_vec();
        all.push(next?);
        for item in items {
            all.push(item?);
        }
        Ok(Few(Inner::Heap(all.into_boxed_slice())))
    }
}

impl<T: Copy + Default, const N: usize> FromIterator<T> for Few<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let items = items.into_iter().map(Ok::<T, std::convert::Infallible>);
        match Few::try_collect(items) {
            Ok(few) => few,
            Err(never) => match never {},
        }
    }
}

impl<T: Copy + Default, const N: usize> From<&[T]> for Few<T, N> {
    fn from(items: &[T]) -> Self {
        items.iter().copied().collect()
    }
}

impl<T: Copy + Default, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Few(Inner::Inline { length: 0, items: [T::default(); N] })
    }
}

impl<T, const N: usize> Deref for Few<T, N> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Inner::Inline { length, items } => items.get(..usize::from(*length)).unwrap_or_default(),
            Inner::Heap(items) => items,
        }
    }
}

impl<T: PartialEq, const N: usize> PartialEq for Few<T, N> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: fmt::Debug, const N: usize> fmt::Debug for Few<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_lists_read_the_same() {
        for length in 0..8 {
            let items: Vec<i32> = (0..length).collect();
            let few: Few<i32, 3> = items.iter().copied().collect();
            assert_eq!(&*few, items.as_slice());
            assert_eq!(few, Few::from(items.as_slice()));
        }
        let failing = [Ok(1), Err("bad"), Ok(2)];
        assert_eq!(Few::<i32, 1>::try_collect(failing), Err("bad"));
    }
}
