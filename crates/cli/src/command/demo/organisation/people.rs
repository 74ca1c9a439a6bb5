//! The reps: who joined, ramped up, moved and left.

use scoreline_core::{
    event::{RepAssigned, RepJoined, RepLeft},
    id::RepId,
};

use super::{
    days::{Days, HOUR},
    dice::{Dice, Wheel},
    journal::{Journal, System, name},
    places::{REGIONS, TEAMS, region_of, team_id, territory_id},
};

/// How many reps each team has from the first day on.
const FOUNDERS: usize = 7;
/// How many join later, in all.
const JOINERS: usize = 11;
/// How many days a rep needs to be as good as it gets.
const RAMP_DAYS: f64 = 180.0;

const FIRST: [&str; 32] = [
    "Amara", "Anton", "Beatriz", "Carlos", "Chiara", "Dmitri", "Elena", "Farid", "Grace", "Hana", "Ivan", "Jonas",
    "Keiko", "Liam", "Mara", "Nadia", "Oscar", "Priya", "Quentin", "Rosa", "Sofia", "Tomas", "Uma", "Viktor", "Wei",
    "Xenia", "Yusuf", "Zoe", "Aidan", "Bella", "Cyrus", "Daria",
];
const LAST: [&str; 29] = [
    "Abbott",
    "Bergmann",
    "Costa",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Garcia",
    "Hughes",
    "Ito",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Nowak",
    "O'Brien",
    "Petrov",
    "Quinn",
    "Rossi",
    "Silva",
    "Tanaka",
    "Ueda",
    "Vogel",
    "Walsh",
    "Young",
    "Zhang",
    "Almeida",
    "Brandt",
    "Carver",
    "Doyle",
];

/// A rep.
pub(super) struct Rep {
    pub(super) id: RepId,
    pub(super) team: usize,
    territory: usize,
    /// Its first day, and the first day without it.
    pub(super) joined: usize,
    pub(super) left: Option<usize>,
    /// When it moved to another team of its region.
    pub(super) moved: Option<(usize, usize)>,
    /// How well it sells; 1 is average.
    skill: f64,
    /// How much it does; a power law.
    pub(super) energy: f64,
}

/// All reps, and the managers of the teams.
pub(super) struct People {
    pub(super) reps: Vec<Rep>,
    pub(super) managers: Vec<RepId>,
    wheels: Vec<(Vec<usize>, Wheel)>,
}

impl Rep {
    pub(super) fn works_on(&self, day: usize) -> bool {
        self.joined <= day && self.left.is_none_or(|left| day < left)
    }

    pub(super) fn team_on(&self, day: usize) -> usize {
        self.moved
            .filter(|(from, _)| *from <= day)
            .map_or(self.team, |(_, team)| team)
    }

    pub(super) fn region(&self) -> usize {
        region_of(self.team)
    }

    /// How well it sells on a day: who is new sells less.
    pub(super) fn skill_on(&self, day: usize) -> f64 {
        let ramp = if self.joined == 0 {
            1.0
        } else {
            (day.saturating_sub(self.joined) as f64 / RAMP_DAYS).min(1.0)
        };
        self.skill * (0.55 + 0.45 * ramp)
    }

    /// The last day on which it works.
    pub(super) fn last_day(&self, days: &Days) -> usize {
        self.left.unwrap_or(days.len()) - 1
    }
}

impl People {
    pub(super) fn tell(days: &Days, dice: &mut Dice, journal: &mut Journal) -> Self {
        let founders = (0..TEAMS * FOUNDERS).map(|at| (at % TEAMS, 0));
        let later: Vec<(usize, usize)> = (0..JOINERS)
            .map(|at| (at % TEAMS, joining_day(days, dice, at)))
            .collect();
        let mut reps: Vec<Rep> = founders
            .chain(later)
            .enumerate()
            .map(|(at, (team, day))| hire(dice, at, team, day))
            .collect();
        part_and_move(days, dice, &mut reps);
        let managers: Vec<RepId> = (0..TEAMS)
            .map(|at| rep_id(FIRST.len() * LAST.len() - 1 - 31 * at))
            .collect();
        for (team, manager) in managers.iter().enumerate() {
            introduce(days, journal, manager, FIRST.len() * LAST.len() - 1 - 31 * team, 0);
            assign(days, journal, (manager, None), (team, None), 0);
        }
        for (at, rep) in reps.iter().enumerate() {
            introduce(days, journal, &rep.id, at, rep.joined);
            let manager = Some(&managers[rep.team]);
            assign(
                days,
                journal,
                (&rep.id, manager),
                (rep.team, Some(rep.territory)),
                rep.joined,
            );
            if let Some((day, team)) = rep.moved {
                assign(
                    days,
                    journal,
                    (&rep.id, Some(&managers[team])),
                    (team, Some(rep.territory)),
                    day,
                );
            }
            if let Some(day) = rep.left {
                let payload = RepLeft {
                    rep: rep.id.clone(),
                    effective_date: Some(days.days[day].date),
                };
                journal.tell(System::Staff, days.midnight(day), payload);
            }
        }
        let wheels = (0..REGIONS.len()).map(|region| wheel(&reps, region)).collect();
        Self { reps, managers, wheels }
    }

    /// A rep of a region who works on a day, the likelier the busier.
    pub(super) fn draw(&self, dice: &mut Dice, region: usize, day: usize) -> usize {
        let (members, wheel) = &self.wheels[region];
        let tries = (0..30)
            .map(|_| members[wheel.draw(dice)])
            .find(|rep| self.reps[*rep].works_on(day));
        let any = || members.iter().copied().find(|rep| self.reps[*rep].works_on(day));
        tries.or_else(any).unwrap_or(members[0])
    }

    /// How many reps work on a day.
    pub(super) fn heads(&self, day: usize) -> usize {
        self.reps.iter().filter(|rep| rep.works_on(day)).count()
    }
}

fn wheel(reps: &[Rep], region: usize) -> (Vec<usize>, Wheel) {
    let members: Vec<usize> = (0..reps.len()).filter(|rep| reps[*rep].region() == region).collect();
    let wheel = Wheel::new(members.iter().map(|rep| reps[*rep].energy));
    (members, wheel)
}

fn joining_day(days: &Days, dice: &mut Dice, at: usize) -> usize {
    let span = days.len() as f64 * 0.9 / JOINERS as f64;
    (span * (at as f64 + dice.range(0.3, 1.0))) as usize
}

fn hire(dice: &mut Dice, at: usize, team: usize, joined: usize) -> Rep {
    Rep {
        id: rep_id(at),
        team,
        territory: (at / TEAMS) % 4,
        joined,
        left: None,
        moved: None,
        skill: dice.log_normal(1.0, 0.22),
        energy: dice.pareto(2.2).min(4.0),
    }
}

/// Every seventh rep leaves one day, and every ninth moves in the middle of a quarter.
fn part_and_move(days: &Days, dice: &mut Dice, reps: &mut [Rep]) {
    for (at, rep) in reps.iter_mut().enumerate() {
        if at % 7 == 3 {
            let earliest = rep.joined + 150;
            rep.left = Some(earliest + dice.index(days.len())).filter(|day| *day < days.len());
        } else if at % 9 == 4 {
            let quarter = days.quarters[2 + dice.index(days.quarters.len() - 3)];
            let day = quarter.first + 30 + dice.index(30);
            rep.moved = Some((day, rep.team ^ 1)).filter(|_| rep.joined < day && day < days.len());
        }
    }
}

/// The id of the person with a number: initials need no more than that to be unique.
fn rep_id(number: usize) -> RepId {
    RepId::new(format!("rep-{:03}", number + 1)).expect("a short name")
}

fn introduce(days: &Days, journal: &mut Journal, rep: &RepId, number: usize, day: usize) {
    let full = format!("{} {}", FIRST[number % FIRST.len()], LAST[number % LAST.len()]);
    let payload = RepJoined {
        rep: rep.clone(),
        name: Some(name(full)),
        effective_date: Some(days.days[day].date),
    };
    journal.tell(System::Staff, days.midnight(day), payload);
}

fn assign(
    days: &Days,
    journal: &mut Journal,
    (rep, manager): (&RepId, Option<&RepId>),
    (team, territory): (usize, Option<usize>),
    day: usize,
) {
    let region = region_of(team);
    let role = if manager.is_some() {
        "account executive"
    } else {
        "manager"
    };
    let payload = RepAssigned {
        rep: rep.clone(),
        team: Some(team_id(team)),
        manager: manager.cloned(),
        region: Some(name(REGIONS[region].name)),
        territory: territory.map(|territory| territory_id(region, territory)),
        role: Some(name(role)),
        effective_date: Some(days.days[day].date),
    };
    journal.tell(System::Staff, days.midnight(day) + HOUR, payload);
}
