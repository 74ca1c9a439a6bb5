//! Tenant-wide dictionaries: texts to small codes and back.
//!
//! They only grow, and a code never changes its meaning. All snapshots of an image share them, so a new commit copies
//! none of them; a snapshot simply holds no row with a code that is younger than itself.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::interner::Interner;
use crate::{
    dimension::Dimension,
    id::Name,
    subject::{Subject, SubjectKind},
};

/// The dictionaries of one tenant.
#[derive(Debug, Clone, Default)]
pub struct Dictionaries(Arc<Shared>);

/// Subjects have a lock of their own: they may get codes while a question reads the dimensions.
#[derive(Debug, Default)]
struct Shared {
    subjects: RwLock<Subjects>,
    texts: RwLock<Texts>,
}

/// The subjects that have a code.
#[derive(Debug, Default)]
pub(crate) struct Subjects(Interner);

/// The values of dimensions. Code 0 stands for "has no value".
#[derive(Debug, Default)]
pub(crate) struct Texts {
    dimensions: BTreeMap<Dimension, Interner>,
}

impl Dictionaries {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Texts> {
        self.0.texts.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Texts> {
        self.0.texts.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Not to be held while blocks are read: these may give codes to subjects.
    pub(crate) fn subjects(&self) -> RwLockReadGuard<'_, Subjects> {
        self.0.subjects.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write_subjects(&self) -> RwLockWriteGuard<'_, Subjects> {
        self.0.subjects.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// About how many bytes they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let dimensions: usize = self.read().dimensions.values().map(Interner::bytes).sum();
        self.subjects().0.bytes() + dimensions
    }
}

impl Subjects {
    /// The code of a subject; a new one if it is new.
    pub(crate) fn code(&mut self, kind: SubjectKind, id: &str) -> u32 {
        let mut key = [0; 1 + crate::id::MAX_ID_BYTES];
        key[0] = kind.code();
        key[1..=id.len()].copy_from_slice(id.as_bytes());
        self.0.intern(&key[..=id.len()])
    }

    /// The subject of a code that was given by [`Subjects::code`].
    pub(crate) fn get(&self, code: u32) -> Option<Subject> {
        let (kind, id) = self.0.get(code)?.split_first()?;
        let id = std::str::from_utf8(id).ok().and_then(|id| Name::new(id).ok())?;
        Some(Subject {
            kind: SubjectKind::from_code(*kind)?,
            id,
        })
    }
}

/// The values of one dimension.
pub(crate) struct TextsOf<'a>(Option<&'a Interner>);

impl<'a> TextsOf<'a> {
    /// The value of a code; `None` for 0.
    pub(crate) fn get(&self, code: u32) -> Option<&'a str> {
        let text = self.0?.get(code.checked_sub(1)?)?;
        Some(std::str::from_utf8(text).expect("dictionaries are made from texts"))
    }
}

impl Texts {
    /// The code of a dimension's value, above 0; a new one if it is new.
    pub(crate) fn value(&mut self, dimension: &Dimension, value: &str) -> u32 {
        if !self.dimensions.contains_key(dimension) {
            self.dimensions.insert(dimension.clone(), Interner::default());
        }
        let interner = self.dimensions.get_mut(dimension).expect("just made");
        interner.intern(value.as_bytes()) + 1
    }

    /// The value of a code; `None` for 0.
    pub(crate) fn text(&self, dimension: &Dimension, code: u32) -> Option<&str> {
        self.of(dimension).get(code)
    }

    /// The values of a dimension.
    pub(crate) fn of(&self, dimension: &Dimension) -> TextsOf<'_> {
        TextsOf(self.dimensions.get(dimension))
    }

    /// The code of a dimension's value, if it has one.
    pub(crate) fn code(&self, dimension: &Dimension, value: &str) -> Option<u32> {
        Some(self.dimensions.get(dimension)?.find(value.as_bytes())? + 1)
    }

    /// One more than the highest code of a dimension.
    pub(crate) fn size(&self, dimension: &Dimension) -> u32 {
        self.dimensions.get(dimension).map_or(0, Interner::len) + 1
    }
}
