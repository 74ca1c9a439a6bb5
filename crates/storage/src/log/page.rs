//! Pages of the log. A page is a row: events of one commit in their order, each a line of JSON, which an operator can read and a
//! later version of ours can still take in. An event is found by its id through a narrow row, which names its page and line.

use std::collections::BTreeMap;

use scoreline_core::id::TenantId;
use sea_orm::{ConnectionTrait, QueryResult};
use sha2::{Digest as _, Sha256};

use super::Position;
use crate::{
    Error,
    inserts::{Column, Inserts, Rows},
    sql,
};

/// A page ends before the event that would make it larger; an event that is larger by itself has a page of its own. A row of
/// this size, with the longest key, has room on a page of PostgreSQL.
const PAGE_BYTES: usize = 7_900;

/// How many pages are read at a time.
const READ_AT_ONCE: usize = 256;

/// About how many events a page has. It decides only how many pages are read for some events.
const LINES: usize = 16;

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) commit: u64,
    /// The ordinal of the first event on its page.
    pub(crate) page: u32,
    pub(crate) line: u32,
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { commit, page, line } = self;
        write!(f, "line {line} of page {page} of commit {commit}")
    }
}

impl Spot {
    /// Its place in the log.
    pub(crate) fn position(self) -> Position {
        Position {
            commit: self.commit,
            ordinal: self.page.saturating_add(self.line),
        }
    }
}

/// Puts the events of a commit on pages: pairs of an id and a line.
///
/// # Errors
/// When they are too large to be bound.
pub(crate) fn insert<'a>(
    inserts: &mut Inserts,
    tenant: &TenantId,
    commit: u64,
    events: impl ExactSizeIterator<Item = (&'a str, &'a [u8])>,
) -> Result<(), Error> {
    let count = events.len();
    let mut rows: Vec<(&str, i32, i32)> = Vec::with_capacity(count);
    let mut pages: Vec<(i32, Vec<u8>)> = Vec::new();
    for (ordinal, (id, line)) in (0..).zip(events) {
        debug_assert!(!line.contains(&b'\n'), "JSON has no line breaks");
        let first = match pages.last_mut() {
            Some((first, data)) if data.len() + 1 + line.len() <= PAGE_BYTES => {
                data.push(b'\n');
                data.extend_from_slice(line);
                *first
            }
            _ => {
                let mut data = Vec::with_capacity(PAGE_BYTES.max(line.len()));
                data.extend_from_slice(line);
                pages.push((ordinal, data));
                ordinal
            }
        };
        rows.push((id, first, ordinal - first));
    }
    // In the order of the key: ids that come at random meet each page of an index once.
    rows.sort_unstable();
    inserts.add(&Rows {
        table: "event",
        tenant: tenant.as_str(),
        columns: vec![
            ("event_id", Column::Text(rows.iter().map(|(id, ..)| *id).collect())),
            ("commit_number", Column::Big(vec![sql::signed(commit); count])),
            ("page", Column::Int(rows.iter().map(|(_, page, _)| *page).collect())),
            ("line", Column::Int(rows.iter().map(|(.., line)| *line).collect())),
        ],
        conflict: "",
    })?;
    let checksums: Vec<[u8; 32]> = pages.iter().map(|(_, data)| checksum(data)).collect();
    inserts.add(&Rows {
        table: "log_page",
        tenant: tenant.as_str(),
        columns: vec![
            ("commit_number", Column::Big(vec![sql::signed(commit); pages.len()])),
            ("page", Column::Int(pages.iter().map(|(first, _)| *first).collect())),
            (
                "checksum",
                Column::Bytes(checksums.iter().map(|checksum| &checksum[..]).collect()),
            ),
            (
                "data",
                Column::Bytes(pages.iter().map(|(_, data)| data.as_slice()).collect()),
            ),
        ],
        conflict: "",
    })
}

/// A page as it is stored.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) commit: u64,
    first: u32,
    checksum: Vec<u8>,
    data: Vec<u8>,
}

impl Page {
    /// The events on it, in order.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (Spot, &[u8])> {
        let spot = |line| Spot {
            commit: self.commit,
            page: self.first,
            line,
        };
        (0..).map(spot).zip(self.data.split(|byte| *byte == b'\n'))
    }

    /// Whether it has the content that its checksum was taken of.
    pub(crate) fn is_sound(&self) -> bool {
        checksum(&self.data).as_slice() == self.checksum
    }

    /// What it is called in words.
    pub(crate) fn name(&self) -> String {
        name((self.commit, self.first))
    }

    /// Of a row with the key, the checksum and the data.
    fn read(row: &QueryResult) -> Result<Self, Error> {
        Ok(Self {
            commit: sql::unsigned(row.try_get_by_index(0)?, "a commit number")?,
            first: place(row, 1)?,
            checksum: row.try_get_by_index(2)?,
            data: row.try_get_by_index(3)?,
        })
    }
}

/// What is read of pages in the order of the log.
#[derive(Debug)]
pub(crate) struct Pages<'a, C> {
    db: &'a C,
    tenant: &'a TenantId,
    /// The first that was not read yet is this one, or comes after it.
    next: (u64, i64),
}

impl<'a, C: ConnectionTrait> Pages<'a, C> {
    /// From the one on which the next event after a position may stand.
    pub(crate) async fn after(db: &'a C, tenant: &'a TenantId, after: Position) -> Result<Self, Error> {
        let sql = "SELECT page FROM log_page WHERE tenant_id = $1 AND commit_number = $2 AND page <= $3
             ORDER BY page DESC LIMIT 1";
        let values = [sql::signed(after.commit).into(), i64::from(after.ordinal).into()];
        let first = match sql::select_one(db, sql, tenant.as_str(), values).await? {
            Some(row) => i64::from(row.try_get_by_index::<i32>(0)?),
            None => 0,
        };
        let next = (after.commit, first);
        Ok(Self { db, tenant, next })
    }

    /// The next pages, enough for about so many events. None when there are no more.
    pub(crate) async fn next(&mut self, events: usize) -> Result<Vec<Page>, Error> {
        let sql = "SELECT commit_number, page, checksum, data FROM log_page
             WHERE tenant_id = $1 AND (commit_number, page) >= ($2, $3)
             ORDER BY commit_number, page LIMIT $4";
        let limit = events.div_ceil(LINES).clamp(1, READ_AT_ONCE);
        let values = [
            sql::signed(self.next.0).into(),
            self.next.1.into(),
            sql::signed(limit as u64).into(),
        ];
        let rows = sql::select(self.db, sql, self.tenant.as_str(), values).await?;
        let pages: Vec<Page> = rows.iter().map(Page::read).collect::<Result<_, _>>()?;
        if let Some(last) = pages.last() {
            self.next = (last.commit, i64::from(last.first) + 1);
        }
        Ok(pages)
    }
}

/// Where events stand, as far as they are stored.
pub(crate) async fn spots(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    ids: Vec<&str>,
) -> Result<Vec<(String, Spot)>, Error> {
    let key = [("event_id", Column::Text(ids))];
    let rows = sql::select_by(db, ("event", "commit_number, page, line"), tenant.as_str(), &key).await?;
    let spot = |row: &QueryResult| {
        let spot = Spot {
            commit: sql::unsigned(row.try_get_by_index(1)?, "a commit number")?,
            page: place(row, 2)?,
            line: place(row, 3)?,
        };
        Ok((row.try_get_by_index(0)?, spot))
    };
    rows.iter().map(spot).collect()
}

/// Tells of each of some events that is stored, once, its id, where it stands, and its line: in the order of the log.
pub(crate) async fn each_of(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    mut ids: Vec<&str>,
    mut tell: impl FnMut(String, Spot, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    let mut wanted: BTreeMap<(u64, u32), Vec<(u32, String)>> = BTreeMap::new();
    for (id, spot) in spots(db, tenant, ids).await? {
        wanted
            .entry((spot.commit, spot.page))
            .or_default()
            .push((spot.line, id));
    }
    let mut wanted = wanted.into_iter();
    loop {
        let some: Vec<_> = wanted.by_ref().take(READ_AT_ONCE).collect();
        if some.is_empty() {
            return Ok(());
        }
        let key = [
            (
                "commit_number",
                Column::Big(some.iter().map(|((commit, _), _)| sql::signed(*commit)).collect()),
            ),
            (
                "page",
                Column::Int(some.iter().map(|((_, page), _)| page.cast_signed()).collect()),
            ),
        ];
        let rows = sql::select_by(db, ("log_page", "checksum, data"), tenant.as_str(), &key).await?;
        let pages = rows.iter().map(|row| {
            let page = Page::read(row)?;
            Ok(((page.commit, page.first), page))
        });
        let pages: BTreeMap<(u64, u32), Page> = pages.collect::<Result<_, Error>>()?;
        for (place, mut lines) in some {
            lines.sort_unstable();
            let mut there = pages.get(&place).into_iter().flat_map(Page::lines);
            for (line, id) in lines {
                let Some((spot, data)) = there.find(|(spot, _)| spot.line == line) else {
                    let problem = format_args!("it has no line {line} for event {id}");
                    return Err(Error::damaged(name(place), problem));
                };
                tell(id, spot, data)?;
            }
        }
    }
}

/// What the page is called on which the event with this ordinal of a commit stands first.
fn name((commit, first): (u64, u32)) -> String {
    format!("page {first} of commit {commit}")
}

/// The number of a page or a line.
fn place(row: &QueryResult, at: usize) -> Result<u32, Error> {
    let number: i32 = row.try_get_by_index(at)?;
    u32::try_from(number).map_err(|error| Error::damaged("a place in the log", error))
}

/// Against decay, not against forgery: who can write the table can write a checksum too.
fn checksum(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}
