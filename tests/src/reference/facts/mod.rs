//! What happened, family by family: plain lists, worked out from all that was said.
//!
//! A fact is something that can be counted, with its day, the day on which its subject came in, and all that it can be told
//! apart by. A balance is a list of facts too: what came and what went.

mod accounts;
mod activities;
mod deal;
mod deals;
mod leads;
mod meetings;
mod orders;
mod recurring;
mod service;
mod subscriptions;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use scoreline_proto::events::v1::event::Payload;

use super::{effective::Said, tenant::Tenant, world::World};

/// What something can be told apart by.
pub type Whom = BTreeMap<&'static str, String>;

/// Something that can be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The day on which it counts.
    pub date: Date,
    /// The day on which its subject came in.
    pub entered: Date,
    /// Whose it is: an order, a deal, a lead, …
    pub subject: String,
    /// What it can be told apart by.
    pub whom: Whom,
    /// Millionths of a unit of money, thousandths of a score, milliseconds, days, or how many.
    pub value: i128,
}

/// All facts by what they are.
#[derive(Debug, Clone, Default)]
pub struct Facts(BTreeMap<&'static str, Vec<Fact>>);

/// All that is needed to work facts out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) said: &'a [Said],
    pub(super) world: &'a World,
    pub(super) tenant: &'a Tenant,
}

/// A purchase, as its account sees it.
#[derive(Debug, Clone)]
pub(super) struct Purchase {
    pub(super) at: Timestamp,
    pub(super) account: String,
    /// Whether it is a sale of its own, and not the deal or the order of one.
    pub(super) is_sale: bool,
    pub(super) whom: Whom,
}

impl Facts {
    /// All facts of what was said.
    pub fn new(said: &[Said], world: &World, tenant: &Tenant) -> Self {
        let scene = Scene { said, world, tenant };
        let mut facts = Self::default();
        let deals = deals::all(&scene);
        let mut purchases = orders::tell(&scene, &mut facts);
        purchases.extend(deals::tell(&deals, &scene, &mut facts));
        let (bought, changes) = subscriptions::hear(&scene);
        purchases.extend(bought);
        purchases.sort_by_key(|purchase| purchase.at);
        accounts::tell(&purchases, &changes, &scene, &mut facts);
        let held = meetings::tell(&scene, &mut facts);
        leads::tell(
            &leads::Around {
                deals: &deals,
                purchases: &purchases,
                held: &held,
            },
            &scene,
            &mut facts,
        );
        activities::tell(&scene, &mut facts);
        service::tell(&scene, &mut facts);
        facts
    }

    /// The facts of one kind.
    pub fn of(&self, what: &str) -> &[Fact] {
        self.0.get(what).map_or(&[], Vec::as_slice)
    }

    pub(super) fn add(&mut self, what: &'static str, fact: Fact) {
        self.0.entry(what).or_default().push(fact);
    }
}

impl Scene<'_> {
    pub(super) fn date(&self, at: Timestamp) -> Date {
        self.world.date(at)
    }

    /// All subjects of one kind: what was said of each, in order.
    pub(super) fn subjects<'a>(
        &'a self,
        name: impl Fn(&'a Payload) -> Option<&'a str>,
    ) -> BTreeMap<&'a str, Vec<&'a Said>> {
        let mut subjects: BTreeMap<&str, Vec<&Said>> = BTreeMap::new();
        for said in self.said {
            if let Some(name) = name(&said.payload).filter(|name| !name.is_empty()) {
                subjects.entry(name).or_default().push(said);
            }
        }
        subjects
    }
}

/// What something can be told apart by; an empty text stands for none.
pub(super) fn whom(values: &[(&'static str, &str)]) -> Whom {
    let values = values.iter().filter(|(_, value)| !value.is_empty());
    values.map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// The same with another value; without one when it is empty.
pub(super) fn with(mut whom: Whom, name: &'static str, value: &str) -> Whom {
    whom.remove(name);
    if !value.is_empty() {
        whom.insert(name, value.to_owned());
    }
    whom
}

/// The kind of business in words.
pub(super) fn business(kind: i32) -> &'static str {
    ["", "new_business", "upsell", "cross_sell", "renewal"][usize::try_from(kind).expect("a known kind")]
}

/// Whole milliseconds from one instant to another.
pub(super) fn millis(from: Timestamp, to: Timestamp) -> i128 {
    to.duration_since(from).as_millis()
}
