//! What reps do: activities, meetings, time, and the marketing around them.

use jiff::Timestamp;
use scoreline_proto::{
    encode,
    events::v1::{
        ActivityLogged, CostIncurred, MeetingCancelled, MeetingCompleted, MeetingNoShow, MeetingRescheduled,
        MeetingScheduled, Outcome, SocialEngagementRecorded, TimeSpent, WebTrafficRecorded, event::Payload,
    },
};

use super::{ACCOUNTS, deals::Deal, journal::Journal, leads::Lead};

/// Tells of work.
pub(super) fn tell(journal: &mut Journal, leads: &[Lead], deals: &[Deal]) {
    for _ in 0..110 {
        activity(journal, leads, deals);
    }
    for number in 0..28 {
        meeting(journal, leads, number);
    }
    for _ in 0..25 {
        time(journal);
        marketing(journal);
    }
}

fn activity(journal: &mut Journal, leads: &[Lead], deals: &[Deal]) {
    let mut logged = ActivityLogged {
        kind: i32::try_from(*journal.dice.pick(&[1_i64, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8])).expect("a small number"),
        rep_id: journal.rep(),
        direction: i32::try_from(journal.dice.between(0, 3)).expect("a small number"),
        duration: journal
            .dice
            .percent(60)
            .then(|| encode::duration(journal.dice.between(1, 7_200_000))),
        account_id: journal.dice.maybe(&ACCOUNTS, 40),
        campaign: journal.dice.maybe(&["spring", "autumn"], 70),
        channel: journal.channel(),
        ..ActivityLogged::default()
    };
    if journal.dice.percent(70) {
        let name = journal.dice.maybe(&["connected", "voicemail"], 0);
        logged.outcome = Some(Outcome {
            successful: name == "connected" && journal.dice.percent(70),
            name,
        });
    }
    let at = match journal.dice.between(0, 10) {
        0..4 => {
            let lead = journal.dice.pick(leads).clone();
            logged.lead_id = lead.id;
            journal.within(lead.at, 24 * 20)
        }
        4..7 => {
            let deal = journal.dice.pick(deals).clone();
            logged.opportunity_id = deal.id;
            journal.within(deal.at, 24 * 60)
        }
        _ => journal.sometime(),
    };
    journal.say(at, Payload::ActivityLogged(logged));
}

fn meeting(journal: &mut Journal, leads: &[Lead], number: i64) {
    let mut at = journal.sometime();
    let meeting_id = format!("M{number}");
    let mut scheduled = MeetingScheduled {
        meeting_id: meeting_id.clone(),
        due_at: Some(encode::instant(journal.within(at, 24 * 20))),
        rep_id: journal.rep(),
        account_id: journal.dice.maybe(&ACCOUNTS, 40),
        channel: journal.channel(),
        ..MeetingScheduled::default()
    };
    if journal.dice.percent(40) {
        let lead = journal.dice.pick(leads).clone();
        at = journal.within(lead.at, 24 * 10);
        scheduled.lead_id = lead.id;
    }
    journal.say(at, Payload::MeetingScheduled(scheduled));
    for _ in 0..journal.dice.between(0, 4) {
        at = journal.within(at, 24 * 15);
        let payload = turn(journal, &meeting_id, at);
        journal.say(at, payload);
    }
}

fn turn(journal: &mut Journal, meeting: &str, at: Timestamp) -> Payload {
    let meeting_id = meeting.to_owned();
    match journal.dice.between(0, 10) {
        0..5 => Payload::MeetingCompleted(MeetingCompleted { meeting_id }),
        5..7 => {
            let due_at = Some(encode::instant(journal.within(at, 24 * 20)));
            Payload::MeetingRescheduled(MeetingRescheduled { meeting_id, due_at })
        }
        7 | 8 => {
            let reason = journal.dice.maybe(&["ill", "timing"], 30);
            Payload::MeetingCancelled(MeetingCancelled { meeting_id, reason })
        }
        _ => Payload::MeetingNoShow(MeetingNoShow { meeting_id }),
    }
}

fn time(journal: &mut Journal) {
    let at = journal.sometime();
    let spent = TimeSpent {
        rep_id: journal.dice.maybe(&super::REPS, 0),
        kind: journal
            .dice
            .maybe(&["calls", "meetings", "travel", "administration"], 0),
        customer_facing: journal.dice.percent(50),
        duration: Some(encode::duration(journal.dice.between(60_000, 30_000_000))),
        ..TimeSpent::default()
    };
    journal.say(at, Payload::TimeSpent(spent));
}

fn marketing(journal: &mut Journal) {
    let at = journal.sometime();
    let cost = CostIncurred {
        category: journal.dice.maybe(&["advertising", "salaries", "tools"], 0),
        amount: Some(journal.money(2_000)),
        lead_source: journal.source(),
        channel: journal.channel(),
        rep_id: journal.dice.maybe(&super::REPS, 70),
        ..CostIncurred::default()
    };
    journal.say(at, Payload::CostIncurred(cost));
    let at = journal.sometime();
    let visits = journal.dice.between(0, 500);
    let (lead_source, channel) = (journal.source(), journal.channel());
    let traffic = WebTrafficRecorded {
        visits,
        lead_source,
        channel,
        ..WebTrafficRecorded::default()
    };
    journal.say(at, Payload::WebTrafficRecorded(traffic));
    if journal.dice.percent(40) {
        let at = journal.sometime();
        let social = SocialEngagementRecorded {
            channel: journal.channel(),
            rep_id: journal.rep(),
            likes: journal.dice.between(0, 50),
            comments: journal.dice.between(0, 10),
            shares: journal.dice.between(0, 3),
            ..SocialEngagementRecorded::default()
        };
        journal.say(at, Payload::SocialEngagementRecorded(social));
    }
}
