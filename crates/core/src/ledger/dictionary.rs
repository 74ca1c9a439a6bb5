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
pub struct Dictionaries(Arc<RwLock<Texts>>);

/// What the dictionaries hold. Code 0 of a dimension stands for "has no value".
#[derive(Debug, Default)]
pub(crate) struct Texts {
    subjects: Interner,
    dimensions: BTreeMap<Dimension, Interner>,
}

impl Dictionaries {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Texts> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Texts> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// About how many bytes they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let texts = self.read();
        texts.subjects.bytes() + texts.dimensions.values().map(Interner::bytes).sum::<usize>()
    }
}

impl Texts {
    /// The code of a subject; a new one if it is new.
    pub(crate) fn subject(&mut self, kind: SubjectKind, id: &str) -> u32 {
        let mut key = [0; 1 + crate::id::MAX_ID_BYTES];
        key[0] = kind.code();
        key[1..=id.len()].copy_from_slice(id.as_bytes());
        self.subjects.intern(&key[..=id.len()])
    }

    /// The subject of a code that was given by [`Texts::subject`].
    pub(crate) fn subject_of(&self, code: u32) -> Option<Subject> {
        let (kind, id) = self.subjects.get(code)?.split_first()?;
        let id = std::str::from_utf8(id).ok().and_then(|id| Name::new(id).ok())?;
        Some(Subject {
            kind: SubjectKind::from_code(*kind)?,
            id,
        })
    }

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
        let text = self.dimensions.get(dimension)?.get(code.checked_sub(1)?)?;
        Some(std::str::from_utf8(text).expect("dictionaries are made from texts"))
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
