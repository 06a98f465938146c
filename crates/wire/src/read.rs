//! Reading values from a parsed tree.

use super::{Pairs, Source};

/// A type that can be read from a [`Source`].
pub trait Read: Sized {
    /// Reads a value. Whatever is missing has its default.
    fn read(source: &impl Source) -> Self;

    /// Reads the items of a list and leaves out unknown ones.
    fn read_items(items: &[impl Source]) -> Vec<Self> {
        items.iter().map(Self::read).collect()
    }
}

/// A type that can be read in part, so that a third party's response cannot cost more than it is worth.
pub trait ReadUpTo: Read {
    /// Reads at most `max` characters or items.
    fn read_up_to(source: &impl Source, max: usize) -> Self;
}

impl Read for String {
    fn read(source: &impl Source) -> String {
        source.text()
    }
}

impl ReadUpTo for String {
    fn read_up_to(source: &impl Source, max: usize) -> String {
        source.text().chars().take(max).collect()
    }
}

impl Read for bool {
    fn read(source: &impl Source) -> bool {
        source.is_true()
    }
}

impl Read for u16 {
    fn read(source: &impl Source) -> u16 {
        source.number() as u16
    }
}

impl Read for u32 {
    fn read(source: &impl Source) -> u32 {
        source.number() as u32
    }
}

impl Read for f32 {
    fn read(source: &impl Source) -> f32 {
        source.number() as f32
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(source: &impl Source) -> Vec<T> {
        T::read_items(&source.items())
    }
}

impl<T: Read> ReadUpTo for Vec<T> {
    fn read_up_to(source: &impl Source, max: usize) -> Vec<T> {
        T::read_items(first(&source.items(), max))
    }
}

impl<T: Read> Read for Pairs<T> {
    fn read(source: &impl Source) -> Pairs<T> {
        Pairs(source.entries().into_iter().map(|(name, value)| (name, T::read(&value))).collect())
    }
}

impl Read for Option<String> {
    fn read(source: &impl Source) -> Option<String> {
        source.as_text()
    }
}

impl Read for Option<bool> {
    fn read(source: &impl Source) -> Option<bool> {
        source.as_bool()
    }
}

impl<T: Read> Read for Option<Vec<T>> {
    fn read(source: &impl Source) -> Option<Vec<T>> {
        source.is_list().then(|| Vec::read(source))
    }
}

fn first<S>(items: &[S], max: usize) -> &[S] {
    items.get(..max).unwrap_or(items)
}
