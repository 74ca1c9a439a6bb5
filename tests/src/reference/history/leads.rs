//! Leads and referrals.

use jiff::Timestamp;
use scoreline_proto::events::v1::{
    LeadConverted, LeadCreated, LeadDisqualified, LeadQualified, ReferralReceived, event::Payload,
};

use super::{ACCOUNTS, journal::Journal};

/// A lead, as others know it.
#[derive(Debug, Clone)]
pub(super) struct Lead {
    pub(super) id: String,
    pub(super) at: Timestamp,
    pub(super) account: String,
}

/// Tells of leads.
pub(super) fn tell(journal: &mut Journal) -> Vec<Lead> {
    for number in 0..5 {
        let at = journal.sometime();
        refer(journal, at, number, String::new());
    }
    (0..40).map(|number| lead(journal, number)).collect()
}

fn refer(journal: &mut Journal, at: Timestamp, number: i64, lead_id: String) {
    let referral = ReferralReceived {
        referral_id: format!("R{number}{lead_id}"),
        rep_id: journal.rep(),
        referrer_id: journal.dice.maybe(&ACCOUNTS, 20),
        lead_id,
        channel: journal.channel(),
        ..ReferralReceived::default()
    };
    journal.say(at, Payload::ReferralReceived(referral));
}

fn lead(journal: &mut Journal, number: i64) -> Lead {
    let id = format!("L{number}");
    let at = journal.sometime();
    let account = (*journal.dice.pick(&ACCOUNTS)).to_owned();
    let created = LeadCreated {
        lead_id: id.clone(),
        owner_id: journal.rep(),
        lead_source: journal.source(),
        campaign: journal.dice.maybe(&["spring", "autumn"], 50),
        channel: journal.channel(),
        account_id: if journal.dice.percent(20) {
            account.clone()
        } else {
            String::new()
        },
        ..LeadCreated::default()
    };
    journal.say(at, Payload::LeadCreated(created));
    if journal.dice.percent(15) {
        refer(journal, at, number, id.clone());
    }
    fate(journal, &id, &account, at);
    Lead { id, at, account }
}

fn fate(journal: &mut Journal, id: &str, account: &str, created: Timestamp) {
    let mut at = created;
    let lead_id = || id.to_owned();
    for _ in 0..journal.dice.between(0, 4) {
        at = journal.within(at, 24 * 30);
        if Journal::is_over(at) {
            return;
        }
        let payload = match journal.dice.between(0, 10) {
            0..5 => Payload::LeadQualified(LeadQualified { lead_id: lead_id() }),
            5..7 => {
                let reason = journal.dice.maybe(&["price", "timing"], 30);
                Payload::LeadDisqualified(LeadDisqualified {
                    lead_id: lead_id(),
                    reason,
                })
            }
            _ => Payload::LeadConverted(LeadConverted {
                lead_id: lead_id(),
                account_id: account.to_owned(),
                opportunity_id: if journal.dice.percent(40) {
                    format!("D{id}")
                } else {
                    String::new()
                },
            }),
        };
        journal.say(at, payload);
    }
}
