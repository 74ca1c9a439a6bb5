//! Regions, their territories and teams.

use scoreline_core::{
    event::{TeamDescribed, TerritoryDescribed},
    id::{TeamId, TerritoryId},
};

use super::{
    currencies::Coin,
    days::Days,
    journal::{Journal, System, name},
};

/// A region.
pub(super) struct Region {
    pub(super) name: &'static str,
    pub(super) coin: Coin,
    /// When its offices open, in UTC.
    pub(super) opens: i64,
    /// Its part of the business.
    pub(super) share: f64,
    pub(super) territories: [&'static str; 4],
    pub(super) teams: [&'static str; 2],
}

/// All regions.
pub(super) const REGIONS: [Region; 3] = [
    Region {
        name: "Americas",
        coin: Coin::Usd,
        opens: 13,
        share: 0.42,
        territories: ["US East", "US West", "Canada", "Latin America"],
        teams: ["Atlantic", "Pacific"],
    },
    Region {
        name: "Continental Europe",
        coin: Coin::Eur,
        opens: 7,
        share: 0.36,
        territories: ["DACH", "France & Benelux", "Iberia & Italy", "Nordics"],
        teams: ["Rhine", "Danube"],
    },
    Region {
        name: "UK & Ireland",
        coin: Coin::Gbp,
        opens: 8,
        share: 0.22,
        territories: ["London", "Midlands & North", "Scotland", "Ireland"],
        teams: ["Thames", "Shannon"],
    },
];

/// How many teams there are.
pub(super) const TEAMS: usize = 6;

/// The region of a team.
pub(super) fn region_of(team: usize) -> usize {
    team / 2
}

pub(super) fn team_id(team: usize) -> TeamId {
    TeamId::new(slug(team_name(team))).expect("a fixed name")
}

pub(super) fn territory_id(region: usize, territory: usize) -> TerritoryId {
    TerritoryId::new(slug(REGIONS[region].territories[territory])).expect("a fixed name")
}

fn team_name(team: usize) -> &'static str {
    REGIONS[region_of(team)].teams[team % 2]
}

/// A name in small letters with hyphens.
pub(super) fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|letter: char| !letter.is_alphanumeric())
        .map(str::to_lowercase)
        .collect();
    words
        .iter()
        .filter(|word| !word.is_empty())
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("-")
}

/// Tells teams and territories.
pub(super) fn tell(days: &Days, journal: &mut Journal) {
    let at = days.midnight(0);
    let top = TeamId::new("sales").expect("a fixed name");
    journal.tell(
        System::Staff,
        at,
        TeamDescribed {
            team: top.clone(),
            name: Some(name("Sales")),
            parent: None,
        },
    );
    for team in 0..TEAMS {
        let payload = TeamDescribed {
            team: team_id(team),
            name: Some(name(team_name(team))),
            parent: Some(top.clone()),
        };
        journal.tell(System::Staff, at, payload);
    }
    for (region, place) in REGIONS.iter().enumerate() {
        for (territory, title) in place.territories.iter().enumerate() {
            let payload = TerritoryDescribed {
                territory: territory_id(region, territory),
                name: Some(name(title)),
                region: Some(name(place.name)),
            };
            journal.tell(System::Staff, at, payload);
        }
    }
}
