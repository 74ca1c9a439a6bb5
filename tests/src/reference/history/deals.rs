//! Opportunities on their way through the stages, and back, and closed, and opened again.

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use scoreline_proto::{
    encode,
    events::v1::{
        OpportunityLost, OpportunityOpened, OpportunityReopened, OpportunityStageChanged, OpportunityUpdated,
        OpportunityWon, Split, SplitList, event::Payload,
    },
    types::v1::Date,
};

use super::{ACCOUNTS, REPS, journal::Journal, leads::Lead};
use crate::reference::tenant::{PIPELINE, STAGES};

/// A deal, as others know it.
#[derive(Debug, Clone)]
pub(super) struct Deal {
    pub(super) id: String,
    pub(super) at: Timestamp,
}

/// Tells of opportunities.
pub(super) fn tell(journal: &mut Journal, leads: &[Lead]) -> Vec<Deal> {
    (0..32).map(|number| deal(journal, leads, number)).collect()
}

fn deal(journal: &mut Journal, leads: &[Lead], number: i64) -> Deal {
    let id = format!("D{number}");
    let lead = journal.dice.percent(45).then(|| journal.dice.pick(leads).clone());
    let at = match &lead {
        Some(lead) => journal.within(lead.at, 24 * 40),
        None => journal.sometime(),
    };
    let account = lead
        .as_ref()
        .map_or_else(|| journal.dice.maybe(&ACCOUNTS, 10), |lead| lead.account.clone());
    let opened = OpportunityOpened {
        opportunity_id: id.clone(),
        owner_id: journal.rep(),
        account_id: account,
        lead_id: lead.map(|lead| lead.id).unwrap_or_default(),
        pipeline: journal.dice.maybe(&[PIPELINE], 50),
        stage: journal.dice.maybe(&STAGES[..2], 60),
        amount: journal.dice.percent(88).then(|| journal.money(20_000)),
        close_date: journal.dice.percent(60).then(|| due(journal, at)),
        r#type: kind(journal),
        product_id: journal.product(),
        lead_source: journal.dice.maybe(&super::SOURCES, 60),
        channel: journal.dice.maybe(&super::CHANNELS, 60),
        splits: if journal.dice.percent(25) {
            splits(journal)
        } else {
            Vec::new()
        },
        ..OpportunityOpened::default()
    };
    let at = journal.say(at, Payload::OpportunityOpened(opened));
    go_on(journal, &id, at);
    Deal { id, at }
}

/// The kind of business, as on the wire; often not stated.
pub(super) fn kind(journal: &mut Journal) -> i32 {
    i32::try_from(*journal.dice.pick(&[0_i64, 0, 1, 2, 3, 4])).expect("a small number")
}

fn due(journal: &mut Journal, at: Timestamp) -> Date {
    let days = journal.dice.between(5, 120);
    encode::date(at.to_zoned(TimeZone::UTC).date() + days.days())
}

fn splits(journal: &mut Journal) -> Vec<Split> {
    const SHARES: [&[&str]; 3] = [&["0.5", "0.5"], &["0.7", "0.3"], &["0.333333", "0.333333", "0.333334"]];
    let shares: &&[&str] = journal.dice.pick(&SHARES);
    let mut reps = REPS;
    journal.dice.shuffle(&mut reps);
    let split = |(share, rep): (&&str, &str)| Split {
        rep_id: rep.to_owned(),
        share: (*share).to_owned(),
    };
    shares.iter().zip(reps).map(split).collect()
}

fn go_on(journal: &mut Journal, id: &str, opened: Timestamp) {
    let (mut at, mut stage, mut closed) = (opened, 0, false);
    for _ in 0..journal.dice.between(1, 9) {
        at = journal.within(at, 24 * 40);
        if Journal::is_over(at) {
            return;
        }
        let payload = match journal.dice.between(0, 100) {
            roll if closed && roll < 60 => return,
            roll if closed && roll < 80 => {
                closed = false;
                reopen(journal, id)
            }
            0..45 => {
                // A stage change of a closed deal opens it again.
                closed = false;
                stage = next(journal, stage);
                let (opportunity_id, stage) = (id.to_owned(), STAGES[stage].to_owned());
                Payload::OpportunityStageChanged(OpportunityStageChanged {
                    opportunity_id,
                    stage,
                    pipeline: String::new(),
                })
            }
            45..68 => update(journal, id, at),
            _ => {
                closed = true;
                close(journal, id)
            }
        };
        journal.say(at, payload);
    }
}

/// Mostly a stage further, sometimes one back, rarely anywhere.
fn next(journal: &mut Journal, stage: usize) -> usize {
    match journal.dice.between(0, 10) {
        0..6 => (stage + 1).min(STAGES.len() - 1),
        6..8 => stage.saturating_sub(1),
        _ => usize::try_from(journal.dice.between(0, 4)).expect("a small number"),
    }
}

fn close(journal: &mut Journal, id: &str) -> Payload {
    let opportunity_id = id.to_owned();
    let reason = journal.dice.maybe(&["price", "features", "timing"], 20);
    let competitor = journal.dice.maybe(&["acme", "umbrella"], 60);
    if journal.dice.percent(60) {
        let amount = journal.dice.percent(35).then(|| journal.money(20_000));
        Payload::OpportunityWon(OpportunityWon {
            opportunity_id,
            amount,
            reason,
            competitor,
        })
    } else {
        Payload::OpportunityLost(OpportunityLost {
            opportunity_id,
            reason,
            competitor,
        })
    }
}

fn reopen(journal: &mut Journal, id: &str) -> Payload {
    let stage = journal.dice.maybe(&STAGES, 60);
    Payload::OpportunityReopened(OpportunityReopened {
        opportunity_id: id.to_owned(),
        stage,
    })
}

fn update(journal: &mut Journal, id: &str, at: Timestamp) -> Payload {
    let mut updated = OpportunityUpdated {
        opportunity_id: id.to_owned(),
        ..OpportunityUpdated::default()
    };
    match journal.dice.between(0, 6) {
        0 => updated.owner_id = (*journal.dice.pick(&REPS)).to_owned(),
        1 => updated.close_date = Some(due(journal, at)),
        2 => updated.account_id = (*journal.dice.pick(&ACCOUNTS)).to_owned(),
        3 => {
            updated.product_id = journal.product();
            updated.r#type = kind(journal);
        }
        4 => {
            let splits = if journal.dice.percent(70) {
                splits(journal)
            } else {
                Vec::new()
            };
            updated.splits = Some(SplitList { splits });
        }
        _ => updated.amount = Some(journal.money(20_000)),
    }
    Payload::OpportunityUpdated(updated)
}
