//! Where leads come from, and what it costs.

use scoreline_core::{
    event::{CostIncurred, SocialEngagementRecorded, WebTrafficRecorded},
    id::Name,
};

use super::{
    World,
    currencies::{Coin, cents},
    days::{HOUR, Moment},
    dice::{Dice, Wheel},
    journal::{System, name},
};

/// A lead source.
struct Source {
    name: &'static str,
    /// Its part of all leads.
    share: f64,
    /// How good its leads are; 1 is average.
    quality: f64,
    /// How many visits to the site it brings for each lead; none: it brings no visits.
    visits: f64,
    /// What a lead of it costs, in US dollars; none: nothing is paid.
    cost: f64,
}

const fn source(name: &'static str, share: f64, quality: f64, visits: f64, cost: f64) -> Source {
    Source {
        name,
        share,
        quality,
        visits,
        cost,
    }
}

const SOURCES: [Source; 12] = [
    source("website", 0.20, 1.00, 44.0, 0.0),
    source("organic search", 0.14, 1.10, 61.0, 14.0),
    source("paid search", 0.13, 0.80, 29.0, 96.0),
    source("social media", 0.10, 0.50, 83.0, 41.0),
    source("email campaign", 0.08, 0.85, 37.0, 18.0),
    source("webinar", 0.07, 1.20, 12.0, 55.0),
    source("trade fair", 0.06, 1.05, 0.0, 240.0),
    source("referral", 0.06, 2.00, 0.0, 0.0),
    source("partner", 0.05, 1.70, 0.0, 120.0),
    source("cold call", 0.06, 0.40, 0.0, 22.0),
    source("content download", 0.03, 0.65, 21.0, 30.0),
    source("purchased list", 0.02, 0.22, 0.0, 9.0),
];
/// The source of referred leads.
pub(super) const REFERRAL: usize = 7;
const NETWORKS: [&str; 3] = ["LinkedIn", "Instagram", "X"];

pub(super) fn wheel() -> Wheel {
    Wheel::new(SOURCES.iter().map(|source| source.share))
}

pub(super) fn source_name(source: usize) -> Name {
    name(SOURCES[source].name)
}

pub(super) fn quality(source: usize) -> f64 {
    SOURCES[source].quality
}

/// The campaign that brings leads of a source on a day, where the source has campaigns.
pub(super) fn campaign(world: &World, source: usize, day: usize) -> Option<Name> {
    let date = world.days.days[day].date;
    let title = SOURCES[source].name;
    matches!(source, 2..=6 | 10).then(|| name(format!("{title} {}-Q{}", date.year(), (date.month() - 1) / 3 + 1)))
}

/// Tells web traffic and social engagement of every day, and the costs of every month.
pub(super) fn tell(world: &mut World, dice: &mut Dice, leads: f64) {
    let bustle: f64 = world.days.days.iter().map(|day| day.bustle).sum();
    for day in 0..world.days.len() {
        // People surf on weekends too.
        let expected = leads * (0.75 * world.days.days[day].bustle + 0.25) / bustle;
        traffic(world, dice, day, expected);
        engagement(world, dice, day);
        if world.days.days[day].date.day() == 1 {
            let month =
                leads * 30.4 / world.days.len() as f64 * 1.25_f64.powf(world.days.days[day].month as f64 / 12.0 - 1.1);
            costs(world, dice, day, month);
        }
    }
}

fn traffic(world: &mut World, dice: &mut Dice, day: usize, leads: f64) {
    let at = world.days.midnight(day) + 23 * HOUR;
    for (source, about) in SOURCES.iter().enumerate().filter(|(_, source)| source.visits > 0.0) {
        let visits = (leads * about.share * about.visits * dice.log_normal(1.0, 0.15)).round() as i64;
        let payload = WebTrafficRecorded {
            visits,
            lead_source: Some(source_name(source)),
            campaign: campaign(world, source, day),
            channel: Some(name("site")),
            attributes: Vec::new(),
        };
        world.journal.tell(System::Marketing, at, payload);
    }
}

fn engagement(world: &mut World, dice: &mut Dice, day: usize) {
    let at = world.days.midnight(day) + 22 * HOUR;
    let network = day % NETWORKS.len();
    let reach = 60.0 * (0.4 + world.days.days[day].bustle) * dice.pareto(2.5);
    let part = |dice: &mut Dice, share: f64| (reach * share * dice.range(0.6, 1.4)) as i64;
    let payload = SocialEngagementRecorded {
        channel: Some(name(NETWORKS[network])),
        campaign: None,
        rep: None,
        likes: part(dice, 1.0),
        comments: part(dice, 0.12),
        shares: part(dice, 0.08),
        direct_messages: part(dice, 0.03),
        attributes: Vec::new(),
    };
    world.journal.tell(System::Marketing, at, payload);
}

fn costs(world: &mut World, dice: &mut Dice, day: usize, leads: f64) {
    let at = world.days.midnight(day) + 12 * HOUR;
    for (source, about) in SOURCES.iter().enumerate().filter(|(_, source)| source.cost > 0.0) {
        let amount = leads * about.share * about.cost * dice.range(0.85, 1.2);
        spend(world, at, "advertising", amount, Some((source, day)));
    }
    let heads = world.people.heads(day) as f64;
    for (category, each) in [("salaries", 6_400.0), ("tools", 310.0), ("travel", 420.0)] {
        spend(world, at, category, heads * each * dice.range(0.93, 1.07), None);
    }
    if matches!(world.days.days[day].date.month(), 3 | 6 | 9 | 11) {
        spend(world, at, "events", dice.range(20_000.0, 45_000.0), None);
    }
}

fn spend(world: &mut World, at: Moment, category: &str, dollars: f64, brings: Option<(usize, usize)>) {
    let payload = CostIncurred {
        category: name(category),
        amount: Coin::Usd.money(cents(dollars)),
        lead_source: brings.map(|(source, _)| source_name(source)),
        campaign: brings.and_then(|(source, day)| campaign(world, source, day)),
        channel: None,
        rep: None,
        attributes: Vec::new(),
    };
    world.journal.tell(System::Finance, at, payload);
}
