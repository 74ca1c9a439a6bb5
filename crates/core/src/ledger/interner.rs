//! Texts to consecutive codes.

/// Texts in one page; a page never moves once the next one has begun.
const PAGE: usize = 1 << 16;

/// A growing set of texts, each with a code: 0, 1, 2, … in the order of their coming. About 10 bytes a text beside the
/// text itself: an end in its page, and a slot in an open table of codes.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    pages: Vec<Page>,
    len: u32,
    /// Codes plus one; 0 is free. The size is a power of two, at most three quarters are taken.
    slots: Vec<u32>,
}

#[derive(Debug, Default)]
struct Page {
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl Page {
    fn get(&self, at: usize) -> Option<&[u8]> {
        let end = *self.ends.get(at)? as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        Some(&self.bytes[start..end])
    }
}

impl Interner {
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    pub(crate) fn get(&self, code: u32) -> Option<&[u8]> {
        self.pages.get(code as usize / PAGE)?.get(code as usize % PAGE)
    }

    /// The code of a text, if it has one.
    pub(crate) fn find(&self, text: &[u8]) -> Option<u32> {
        self.slots[self.slot(text)?].checked_sub(1)
    }

    pub(crate) fn intern(&mut self, text: &[u8]) -> u32 {
        if self.len as usize * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let slot = self.slot(text).expect("a grown table has slots");
        if self.slots[slot] == 0 {
            self.push(text);
            self.slots[slot] = self.len;
        }
        self.slots[slot] - 1
    }

    pub(crate) fn bytes(&self) -> usize {
        let pages: usize = self
            .pages
            .iter()
            .map(|page| page.bytes.capacity() + page.ends.capacity() * 4)
            .sum();
        pages + self.slots.capacity() * 4
    }

    fn push(&mut self, text: &[u8]) {
        if (self.len as usize).is_multiple_of(PAGE) {
            if let Some(full) = self.pages.last_mut() {
                full.bytes.shrink_to_fit();
            }
            self.pages.push(Page::default());
        }
        let page = self.pages.last_mut().expect("a page was begun");
        page.bytes.extend_from_slice(text);
        page.ends
            .push(u32::try_from(page.bytes.len()).expect("a page holds 65536 texts of at most 129 bytes"));
        self.len = self.len.checked_add(1).expect("fewer than 2^32 texts");
    }

    /// Where a text stands, or the free slot where it would.
    fn slot(&self, text: &[u8]) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash(text) as usize & mask;
        loop {
            match self.slots[at] {
                0 => return Some(at),
                taken if self.get(taken - 1) == Some(text) => return Some(at),
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16);
        let mut slots = vec![0; size];
        for code in 0..self.len {
            let text = self.get(code).expect("codes are consecutive");
            let mut at = hash(text) as usize & (size - 1);
            while slots[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            slots[at] = code + 1;
        }
        self.slots = slots;
    }
}

/// Eight bytes at a time: multiply to 128 bits and fold.
pub(crate) fn hash(text: &[u8]) -> u64 {
    let mut state = text.len() as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let mut words = text.chunks_exact(8);
    for word in &mut words {
        state = fold(state ^ u64::from_le_bytes(word.try_into().expect("eight bytes")));
    }
    let mut last = [0; 8];
    last[..words.remainder().len()].copy_from_slice(words.remainder());
    fold(state ^ u64::from_le_bytes(last))
}

pub(crate) fn fold(word: u64) -> u64 {
    let wide = u128::from(word ^ 0xa076_1d64_78bd_642f) * u128::from(0xe703_7ed1_a0b4_28db_u64);
    (wide as u64) ^ (wide >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_code_while_thousands_come() {
        let mut interner = Interner::default();
        for n in 0..200_000_u32 {
            assert_eq!(interner.intern(format!("text {n}").as_bytes()), n);
        }
        assert_eq!(interner.intern(b"text 70000"), 70_000);
        assert_eq!(interner.intern(b"text 199999"), 199_999);
        assert_eq!(interner.get(65_536), Some(b"text 65536".as_slice()));
        assert_eq!(interner.get(200_000), None);
        assert_eq!(interner.find(b"text 65536"), Some(65_536));
        assert_eq!(interner.find(b"text 200000"), None);
        assert_eq!(Interner::default().find(b"text 0"), None);
    }
}
