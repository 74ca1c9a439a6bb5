//! One opportunity, told from its beginning.

use jiff::{Timestamp, civil::Date};
use scoreline_proto::{
    events::v1::{LeadCreated, OpportunityOpened, OpportunityUpdated, Split, event::Payload},
    types::v1::Money,
};

use super::{Fact, Scene, Whom, business, millis, whom, with};
use crate::reference::{
    effective::Said,
    tenant::{PIPELINE, STAGES},
    world::{day, days_between, micros},
};

/// A fact and what it is.
pub(super) type Named = (&'static str, Fact);

/// Those properties that change and by which what happened is told apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Face {
    pub(super) owner: String,
    pub(super) account: String,
    pub(super) product: String,
    pub(super) kind: i32,
}

/// A closing that stands.
#[derive(Debug, Clone)]
pub(super) struct Closing {
    pub(super) at: Timestamp,
    pub(super) is_won: bool,
    pub(super) owner: String,
    pub(super) activities: i128,
    pub(super) reason: String,
    pub(super) competitor: String,
}

/// A first entry into a stage.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) stage: usize,
    at: Timestamp,
    face: Face,
    amount: Option<Money>,
    pub(super) has_advanced: bool,
}

/// A deal as it stands after some of its events.
#[derive(Debug, Clone)]
pub(super) struct Deal<'a> {
    pub(super) id: &'a str,
    scene: &'a Scene<'a>,
    /// The lead that it comes from, once that is created.
    source: Option<&'a LeadCreated>,
    /// When it was first heard of.
    pub(super) begun: Option<Timestamp>,
    /// Whether its opening was told.
    pub(super) was_opened: bool,
    pub(super) face: Face,
    pub(super) lead: String,
    pub(super) amount: Option<Money>,
    due: Option<Date>,
    pub(super) splits: Vec<Split>,
    lead_source: String,
    campaign: String,
    channel: String,
    pub(super) stage: Option<usize>,
    since: Timestamp,
    pub(super) entries: Vec<Entry>,
    pub(super) closing: Option<Closing>,
    activities: i128,
}

fn stage_of(name: &str) -> usize {
    STAGES
        .iter()
        .position(|stage| *stage == name)
        .expect("a generated stage")
}

fn fill(known: &mut String, told: &str) {
    if known.is_empty() {
        told.clone_into(known);
    }
}

fn replace(known: &mut String, told: &str) {
    if !told.is_empty() {
        told.clone_into(known);
    }
}

impl<'a> Deal<'a> {
    /// A deal of which nothing is known.
    pub(super) fn unknown(id: &'a str, source: Option<&'a LeadCreated>, scene: &'a Scene<'a>) -> Self {
        Self {
            id,
            scene,
            source,
            begun: None,
            was_opened: false,
            face: Face::default(),
            lead: String::new(),
            amount: None,
            due: None,
            splits: Vec::new(),
            lead_source: String::new(),
            campaign: String::new(),
            channel: String::new(),
            stage: None,
            since: Timestamp::UNIX_EPOCH,
            entries: Vec::new(),
            closing: None,
            activities: 0,
        }
    }

    /// Takes in the next event; returns what happened with it.
    pub(super) fn hear(&mut self, said: &Said) -> Vec<Named> {
        let at = said.at;
        if let Payload::ActivityLogged(_) = said.payload {
            self.activities += 1;
            return Vec::new();
        }
        let before = self.stands();
        if self.begun.is_none() {
            (self.begun, self.since) = (Some(at), at);
        }
        let mut out = Vec::new();
        match &said.payload {
            Payload::OpportunityOpened(opened) => self.open(opened, at, &mut out),
            Payload::OpportunityUpdated(updated) => self.update(updated, at, &mut out),
            Payload::OpportunityStageChanged(changed) => self.change_stage(stage_of(&changed.stage), at, &mut out),
            Payload::OpportunityReopened(reopened) => self.reopen(&reopened.stage, at, &mut out),
            Payload::OpportunityWon(won) => {
                self.amount = won.amount.clone().or(self.amount.take());
                self.close(at, true, (&won.reason, &won.competitor), &mut out);
            }
            Payload::OpportunityLost(lost) => self.close(at, false, (&lost.reason, &lost.competitor), &mut out),
            _ => {}
        }
        let after = self.stands();
        let date = self.scene.date(at);
        for (what, fact) in before.iter().filter(|fact| !after.contains(fact)) {
            out.push((
                what,
                Fact {
                    date,
                    value: -fact.value,
                    ..fact.clone()
                },
            ));
        }
        for (what, fact) in after.iter().filter(|fact| !before.contains(fact)) {
            out.push((what, Fact { date, ..fact.clone() }));
        }
        out
    }

    fn open(&mut self, opened: &OpportunityOpened, at: Timestamp, out: &mut Vec<Named>) {
        fill(&mut self.face.owner, &opened.owner_id);
        fill(&mut self.face.account, &opened.account_id);
        fill(&mut self.face.product, &opened.product_id);
        fill(&mut self.lead, &opened.lead_id);
        fill(&mut self.lead_source, &opened.lead_source);
        fill(&mut self.campaign, &opened.campaign);
        fill(&mut self.channel, &opened.channel);
        self.face.kind = if self.face.kind == 0 {
            opened.r#type
        } else {
            self.face.kind
        };
        self.amount = self.amount.take().or(opened.amount.clone());
        self.due = self.due.or(opened.close_date.as_ref().map(day));
        if self.splits.is_empty() {
            self.splits.clone_from(&opened.splits);
        }
        self.keep_owner();
        if !self.was_opened {
            if self.stage.is_none() {
                let stage = if opened.stage.is_empty() {
                    0
                } else {
                    stage_of(&opened.stage)
                };
                self.enter(stage, at, out);
            }
            self.was_opened = true;
            out.push(self.opening());
        }
    }

    /// The opening, with what is known now.
    pub(super) fn opening(&self) -> Named {
        let stage = self.entries.first().map(|entry| entry.stage).or(self.stage);
        let at = self.begun.expect("a deal that was heard of");
        (
            "opportunity_opened",
            self.worth(
                at,
                at,
                Self::in_stage(self.told(&self.face), stage),
                self.amount.as_ref(),
            ),
        )
    }

    fn update(&mut self, updated: &OpportunityUpdated, at: Timestamp, out: &mut Vec<Named>) {
        let due = self.due;
        replace(&mut self.face.owner, &updated.owner_id);
        replace(&mut self.face.account, &updated.account_id);
        replace(&mut self.face.product, &updated.product_id);
        self.face.kind = if updated.r#type == 0 {
            self.face.kind
        } else {
            updated.r#type
        };
        self.amount = updated.amount.clone().or(self.amount.take());
        self.due = updated.close_date.as_ref().map(day).or(due);
        if let Some(list) = &updated.splits {
            self.splits.clone_from(&list.splits);
        }
        self.keep_owner();
        let pushed = due
            .zip(self.due)
            .map_or(0, |(before, after)| days_between(before, after));
        if pushed > 0 && self.closing.is_none() {
            let whom = Self::in_stage(self.told(&self.face), self.stage);
            let begun = self.begun.expect("a deal that was heard of");
            out.push(("close_date_pushed", self.fact(at, begun, whom, pushed)));
        }
    }

    /// The credit of a closed deal is its owner's at the closing, unless it had none.
    fn keep_owner(&mut self) {
        if let Some(closing) = self.closing.as_mut().filter(|closing| closing.owner.is_empty()) {
            closing.owner.clone_from(&self.face.owner);
        }
    }

    fn change_stage(&mut self, stage: usize, at: Timestamp, out: &mut Vec<Named>) {
        let was_open = self.closing.is_none();
        if was_open && self.stage == Some(stage) {
            return;
        }
        if was_open {
            self.leave(at, out);
        }
        self.closing = None;
        self.enter(stage, at, out);
    }

    fn reopen(&mut self, stage: &str, at: Timestamp, out: &mut Vec<Named>) {
        let stage = if stage.is_empty() {
            self.stage
        } else {
            Some(stage_of(stage))
        };
        let was_open = self.closing.take().is_none();
        if was_open && stage == self.stage {
            return;
        }
        if was_open {
            self.leave(at, out);
        }
        match stage {
            Some(stage) => self.enter(stage, at, out),
            None => self.since = at,
        }
    }

    fn close(&mut self, at: Timestamp, is_won: bool, (reason, competitor): (&str, &str), out: &mut Vec<Named>) {
        if self.closing.is_none() {
            self.leave(at, out);
        }
        let owner = self.face.owner.clone();
        let (reason, competitor) = (reason.to_owned(), competitor.to_owned());
        self.closing = Some(Closing {
            at,
            is_won,
            owner,
            activities: self.activities,
            reason,
            competitor,
        });
    }

    fn enter(&mut self, stage: usize, at: Timestamp, out: &mut Vec<Named>) {
        for number in 0..self.entries.len() {
            let entry = &self.entries[number];
            if !entry.has_advanced && entry.stage < stage {
                out.push(("stage_advanced", self.fate(entry, at)));
                out.push(("stage_decided", self.fate(entry, at)));
                self.entries[number].has_advanced = true;
            }
        }
        if self.entries.iter().all(|entry| entry.stage != stage) {
            let entry = Entry {
                stage,
                at,
                face: self.face.clone(),
                amount: self.amount.clone(),
                has_advanced: false,
            };
            out.push(("stage_entered", self.fate(&entry, at)));
            self.entries.push(entry);
        }
        (self.stage, self.since) = (Some(stage), at);
    }

    fn leave(&self, at: Timestamp, out: &mut Vec<Named>) {
        if self.stage.is_some() {
            let whom = Self::in_stage(self.told(&self.face), self.stage);
            out.push(("stage_visit", self.fact(at, self.since, whom, millis(self.since, at))));
        }
    }

    /// What became of an entrant at an instant.
    pub(super) fn fate(&self, entry: &Entry, at: Timestamp) -> Fact {
        self.worth(
            at,
            entry.at,
            Self::in_stage(self.told(&entry.face), Some(entry.stage)),
            entry.amount.as_ref(),
        )
    }

    /// What the deal adds to the balances of what is open; nothing once it is closed. The day is not known yet.
    fn stands(&self) -> Vec<Named> {
        let Some(begun) = self.begun.filter(|_| self.closing.is_none()) else {
            return Vec::new();
        };
        let whom = Self::in_stage(self.told(&self.face), self.stage);
        let mut stands = vec![(
            "open_opportunities",
            Fact {
                date: Date::MIN,
                ..self.fact(begun, self.since, whom.clone(), 1)
            },
        )];
        if self.amount.is_some() {
            let mut fact = self.worth(begun, begun, whom, self.amount.as_ref());
            (fact.date, fact.entered) = (Date::MIN, self.due.unwrap_or(fact.entered));
            stands.push(("pipeline_amount", fact));
        }
        stands
    }

    /// What the deal is told apart by, with a face of its own or of its past.
    pub(super) fn told(&self, face: &Face) -> Whom {
        let source = self.source.filter(|lead| lead.lead_id == self.lead);
        let or = |own: &str, leads: fn(&LeadCreated) -> &str| {
            if own.is_empty() {
                source.map_or(String::new(), |lead| leads(lead).to_owned())
            } else {
                own.to_owned()
            }
        };
        whom(&[
            ("rep", &face.owner),
            ("account", &face.account),
            ("product", &face.product),
            ("opportunity_type", business(face.kind)),
            ("lead_source", &or(&self.lead_source, |lead| &lead.lead_source)),
            ("campaign", &or(&self.campaign, |lead| &lead.campaign)),
            ("channel", &or(&self.channel, |lead| &lead.channel)),
        ])
    }

    /// The same in a stage.
    pub(super) fn in_stage(whom: Whom, stage: Option<usize>) -> Whom {
        with(
            with(whom, "pipeline", PIPELINE),
            "stage",
            stage.map_or("", |stage| STAGES[stage]),
        )
    }

    /// A fact of the deal.
    pub(super) fn fact(&self, at: Timestamp, entered: Timestamp, whom: Whom, value: i128) -> Fact {
        let (date, entered) = (self.scene.date(at), self.scene.date(entered));
        Fact {
            date,
            entered,
            subject: self.id.to_owned(),
            whom,
            value,
        }
    }

    /// A fact that is worth an amount; worth nothing in no currency when the amount is not known.
    pub(super) fn worth(&self, at: Timestamp, entered: Timestamp, whom: Whom, amount: Option<&Money>) -> Fact {
        let currency = amount.map_or("", |amount| &amount.currency_code);
        self.fact(at, entered, with(whom, "currency", currency), amount.map_or(0, micros))
    }
}
