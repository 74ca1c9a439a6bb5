//! The plan: every distinct query, and where in the answers a term finds its numbers.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    sync::Arc,
};

use jiff::{Timestamp, civil::Date};

use super::{
    Answers, Error,
    frame::{Frame, Stretch},
    goals::Goals,
    groups::{GroupAt, RowPlaces},
    stages::{Stalled, Weighted},
    table::Key,
};
use crate::{
    dimension::Dimension,
    query::{AggregateQuery, Answer, Buckets, Cell},
};

/// The most queries of one question.
const MAX_QUERIES: usize = 20_000;

/// All that is asked, and then all answers.
#[derive(Debug, Default)]
pub(super) struct Plan {
    queries: Vec<AggregateQuery>,
    known: HashMap<AggregateQuery, usize>,
    /// Their groups stand in the order of their keys.
    answers: Vec<Arc<Answer>>,
    /// By query: where the groups of the table's rows are, once there are rows.
    rows: Vec<Option<RowPlaces>>,
    slots: Vec<Slot>,
    pub(super) goals: Vec<Goals>,
    pub(super) weighted: Vec<Weighted>,
    pub(super) stalled: Vec<Stalled>,
}

/// Where the numbers of each stretch are; `None` where there is no such stretch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slot {
    pub(super) places: Vec<Option<Vec<Place>>>,
    /// Whether its groups are rows of the table.
    pub(super) shown: bool,
}

/// A bucket of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) query: usize,
    bucket: usize,
}

impl Plan {
    /// Asks a query once however often it is needed, and for the most that any of its users looks at.
    pub(super) fn query(&mut self, query: AggregateQuery) -> Result<usize, Error> {
        let key = AggregateQuery {
            aggregate: query.aggregate.family(),
            ..query.clone()
        };
        if let Some(at) = self.known.get(&key).copied() {
            let asked = &mut self.queries[at].aggregate;
            if at >= self.answers.len() {
                asked.widen(&query.aggregate);
            }
            if asked.covers(&query.aggregate) {
                return Ok(at);
            }
        }
        if self.queries.len() >= MAX_QUERIES {
            return Err(Error::invalid(
                "question",
                format!("needs more than {MAX_QUERIES} queries: choose a coarser grain or fewer metrics"),
            ));
        }
        self.queries.push(query);
        self.known.insert(key, self.queries.len() - 1);
        Ok(self.queries.len() - 1)
    }

    /// A slot of a query over the stretches of a frame.
    pub(super) fn slot(&mut self, template: &AggregateQuery, frame: &Frame, shown: bool) -> Result<usize, Error> {
        let mut packs = Packs::default();
        let at: Vec<_> = frame
            .stretches
            .iter()
            .map(|stretch| stretch.as_ref().map(|stretch| packs.place(stretch)))
            .collect();
        let mut queries = Vec::new();
        for buckets in packs.buckets() {
            queries.push(self.query(AggregateQuery {
                buckets,
                ..template.clone()
            })?);
        }
        let places = at.into_iter().map(|place| {
            place.map(|(pack, bucket)| {
                vec![Place {
                    query: queries[pack],
                    bucket,
                }]
            })
        });
        Ok(self.add_slot(Slot {
            places: places.collect(),
            shown,
        }))
    }

    /// A slot with its own queries, each of one bucket, for each stretch.
    pub(super) fn slot_of(&mut self, asked: Vec<Option<Vec<AggregateQuery>>>, shown: bool) -> Result<usize, Error> {
        let mut places = Vec::new();
        for queries in asked {
            let Some(queries) = queries else {
                places.push(None);
                continue;
            };
            let found: Result<Vec<_>, Error> = queries
                .into_iter()
                .map(|query| {
                    Ok(Place {
                        query: self.query(query)?,
                        bucket: 0,
                    })
                })
                .collect();
            places.push(Some(found?));
        }
        Ok(self.add_slot(Slot { places, shown }))
    }

    fn add_slot(&mut self, slot: Slot) -> usize {
        self.slots.iter().position(|known| *known == slot).unwrap_or_else(|| {
            self.slots.push(slot);
            self.slots.len() - 1
        })
    }

    /// Asks all that was not asked yet.
    pub(super) fn ask(&mut self, source: &dyn Answers) -> Result<(), Error> {
        let open = &self.queries[self.answers.len()..];
        if open.is_empty() {
            return Ok(());
        }
        let answers = source.answers(open).map_err(Error::Source)?;
        if answers.len() != open.len() {
            let problem = format!("{} answers to {} queries", answers.len(), open.len());
            return Err(Error::Source(problem.into()));
        }
        self.answers.extend(answers);
        Ok(())
    }

    /// Asks what depends on the first answers.
    pub(super) fn ask_again(&mut self, source: &dyn Answers) -> Result<(), Error> {
        for at in 0..self.stalled.len() {
            let asked = self.stalled[at].second_queries(self);
            let slot = self.slot_of(asked, true)?;
            self.stalled[at].found = Some(slot);
        }
        self.ask(source)
    }

    /// The rows of the table: the groups of all that is shown, by `dimensions`. All reading of rows is quick from now on.
    pub(super) fn settle(&mut self, dimensions: &[Dimension]) -> Vec<Key> {
        let rows = if dimensions.is_empty() {
            vec![Key::new()]
        } else {
            self.keys(dimensions.len())
        };
        let asked = self.queries.iter().zip(&self.answers);
        let places = asked.map(|(query, answer)| {
            let groups = answer.groups.iter().map(|group| &group.key);
            (query.group == dimensions).then(|| RowPlaces::new(&rows, groups))
        });
        self.rows = places.collect();
        for goals in &mut self.goals {
            goals.settle(&rows);
        }
        rows
    }

    /// The cells of a group in a stretch; `None`: there is no such stretch. A group without rows has no cells.
    pub(super) fn cells<'a>(
        &'a self,
        slot: usize,
        stretch: usize,
        group: GroupAt<'a>,
    ) -> Option<impl Iterator<Item = &'a Cell>> {
        let places = self.slots[slot].places.get(stretch)?.as_ref()?;
        Some(places.iter().filter_map(move |place| self.cell(*place, group)))
    }

    fn cell(&self, place: Place, group: GroupAt<'_>) -> Option<&Cell> {
        let groups = &self.answers.get(place.query)?.groups;
        let at = match (self.rows.get(place.query), group.row) {
            (Some(Some(rows)), Some(row)) => rows.get(row)?,
            _ => groups.binary_search_by(|found| found.key.cmp(group.key)).ok()?,
        };
        groups[at].cells.get(place.bucket)
    }

    /// The groups whose key begins with `prefix`, and their cells.
    pub(super) fn groups<'a>(
        &'a self,
        slot: usize,
        stretch: usize,
        prefix: &'a Key,
    ) -> impl Iterator<Item = (&'a Key, &'a Cell)> {
        let places = self.slots[slot]
            .places
            .get(stretch)
            .and_then(Option::as_ref)
            .into_iter()
            .flatten();
        places.flat_map(move |place| {
            let groups = self.answers.get(place.query).map_or(&[][..], |answer| &answer.groups);
            let first = groups.partition_point(|group| group.key.as_slice() < prefix.as_slice());
            let of_prefix = groups[first..]
                .iter()
                .take_while(move |group| group.key.starts_with(prefix));
            of_prefix.filter_map(move |group| Some((&group.key, group.cells.get(place.bucket)?)))
        })
    }

    /// The groups of all slots and tables that are rows of the table, cut to `length` dimensions, in order.
    fn keys(&self, length: usize) -> Vec<Key> {
        let shown = self
            .slots
            .iter()
            .filter(|slot| slot.shown)
            .flat_map(|slot| slot.places.iter().flatten().flatten());
        let queries: BTreeSet<usize> = shown.map(|place| place.query).collect();
        let answered = queries
            .into_iter()
            .filter_map(|query| self.answers.get(query))
            .flat_map(|answer| answer.groups.iter().map(|group| &group.key));
        let listed = self.goals.iter().flat_map(Goals::keys);
        let mut keys: Vec<_> = answered
            .chain(listed)
            .map(|key| &key[..length.min(key.len())])
            .collect();
        // Lists in order, one behind the other: a stable sort merges them.
        keys.sort();
        keys.dedup();
        keys.into_iter().map(Key::from).collect()
    }

    /// The queries behind a slot.
    pub(super) fn queries_of(&self, slot: usize) -> Vec<AggregateQuery> {
        let places = self.slots[slot].places.iter().flatten().flatten();
        let distinct: BTreeSet<usize> = places.map(|place| place.query).collect();
        distinct.into_iter().map(|query| self.queries[query].clone()).collect()
    }
}

/// Stretches packed into as few lists of ascending, separate buckets as their order allows.
#[derive(Default)]
struct Packs {
    dates: Vec<Vec<Range<Date>>>,
    instants: Vec<Vec<Range<Timestamp>>>,
}

impl Packs {
    /// Which pack, and which bucket in it. All stretches of a frame are of one kind.
    fn place(&mut self, stretch: &Stretch) -> (usize, usize) {
        match &stretch.instants {
            Some(instants) => pack(&mut self.instants, instants.clone()),
            None => pack(&mut self.dates, stretch.so_far.start()..stretch.so_far.end()),
        }
    }

    fn buckets(self) -> Vec<Buckets> {
        self.dates
            .into_iter()
            .map(Buckets::Dates)
            .chain(self.instants.into_iter().map(Buckets::Instants))
            .collect()
    }
}

fn pack<T: PartialOrd + Clone>(packs: &mut Vec<Vec<Range<T>>>, range: Range<T>) -> (usize, usize) {
    for (at, pack) in packs.iter_mut().enumerate() {
        if let Some(found) = pack.iter().position(|other| *other == range) {
            return (at, found);
        }
        if pack.last().is_none_or(|last| last.end <= range.start) {
            pack.push(range);
            return (at, pack.len() - 1);
        }
    }
    packs.push(vec![range]);
    (packs.len() - 1, 0)
}
