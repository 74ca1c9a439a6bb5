//! Events in few words.

use jiff::Timestamp;

use crate::{
    event::{
        ActivityKind, ActivityLogged, Direction, Event, EventAmended, EventVoided, LeadConverted, LeadCreated,
        LeadQualified, MeetingCompleted, MeetingScheduled, Money, OpportunityLost, OpportunityOpened,
        OpportunityReopened, OpportunityStageChanged, OpportunityUpdated, OpportunityWon, OrderLine, OrderPlaced,
        OrderRefunded, Payload, ReferralReceived, RepAssigned, Score, SubscriptionCancelled, SubscriptionChanged,
        SubscriptionReactivated, SubscriptionStarted, SurveyAnswered, SurveyKind,
    },
    id::{
        AccountId, EventId, LeadId, MeetingId, Name, OpportunityId, OrderId, ReferralId, RepId, SourceId,
        SubscriptionId,
    },
    money::Currency,
};

/// An event on the n-th day of 2024.
pub(super) fn event(id: &str, day: i64, payload: impl Into<Payload>) -> Event {
    let start: Timestamp = "2024-01-01T12:00:00Z".parse().expect("a time");
    Event {
        id: EventId::new(id).expect("an id"),
        source: SourceId::new("crm").expect("an id"),
        occurred_at: Timestamp::from_second(start.as_second() + day * 86_400).expect("a time"),
        payload: payload.into(),
    }
}

pub(super) fn amend(target: &str, payload: impl Into<Payload>) -> Payload {
    EventAmended {
        event: EventId::new(target).expect("an id"),
        occurred_at: None,
        payload: Box::new(payload.into()),
    }
    .into()
}

pub(super) fn amend_to_day(target: &str, day: i64, payload: impl Into<Payload>) -> Payload {
    let occurred_at = Some(event("x", day, void("x")).occurred_at);
    EventAmended {
        event: EventId::new(target).expect("an id"),
        occurred_at,
        payload: Box::new(payload.into()),
    }
    .into()
}

pub(super) fn void(target: &str) -> Payload {
    EventVoided {
        event: EventId::new(target).expect("an id"),
        reason: None,
    }
    .into()
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn rep() -> Option<RepId> {
    Some(RepId::new("rep").expect("an id"))
}

fn lead(id: &str) -> LeadId {
    LeadId::new(id).expect("an id")
}

fn account(id: &str) -> AccountId {
    AccountId::new(id).expect("an id")
}

fn opportunity(id: &str) -> OpportunityId {
    OpportunityId::new(id).expect("an id")
}

fn usd() -> Currency {
    Currency::new("USD").expect("a currency")
}

fn money(micros: i64) -> Money {
    Money {
        currency: usd(),
        micros,
    }
}

pub(super) fn lead_created(id: &str, source: &str, of: Option<&str>) -> Payload {
    LeadCreated {
        lead: lead(id),
        owner: rep(),
        lead_source: Some(name(source)),
        campaign: None,
        channel: None,
        account: of.map(account),
        territory: None,
        attributes: Vec::new(),
    }
    .into()
}

pub(super) fn lead_qualified(id: &str) -> Payload {
    LeadQualified { lead: lead(id) }.into()
}

pub(super) fn lead_converted(id: &str, to: &str, deal: Option<&str>) -> Payload {
    LeadConverted {
        lead: lead(id),
        account: account(to),
        opportunity: deal.map(opportunity),
    }
    .into()
}

pub(super) fn opened(id: &str, from: Option<&str>, with: Option<&str>, amount: i64) -> Payload {
    OpportunityOpened {
        opportunity: opportunity(id),
        owner: rep(),
        account: with.map(account),
        lead: from.map(lead),
        pipeline: None,
        stage: None,
        amount: Some(money(amount)),
        close_date: None,
        kind: None,
        product: None,
        lead_source: None,
        campaign: None,
        channel: None,
        territory: None,
        splits: Vec::new(),
        attributes: Vec::new(),
    }
    .into()
}

pub(super) fn updated(id: &str, with: Option<&str>, amount: Option<i64>) -> Payload {
    OpportunityUpdated {
        opportunity: opportunity(id),
        owner: None,
        amount: amount.map(money),
        close_date: None,
        account: with.map(account),
        kind: None,
        product: None,
        splits: None,
    }
    .into()
}

pub(super) fn stage_changed(id: &str, stage: &str) -> Payload {
    OpportunityStageChanged {
        opportunity: opportunity(id),
        stage: name(stage),
        pipeline: None,
    }
    .into()
}

pub(super) fn won(id: &str, amount: Option<i64>) -> Payload {
    OpportunityWon {
        opportunity: opportunity(id),
        amount: amount.map(money),
        reason: None,
        competitor: None,
    }
    .into()
}

pub(super) fn lost(id: &str) -> Payload {
    OpportunityLost {
        opportunity: opportunity(id),
        reason: Some(name("price")),
        competitor: None,
    }
    .into()
}

pub(super) fn reopened(id: &str) -> Payload {
    OpportunityReopened {
        opportunity: opportunity(id),
        stage: None,
    }
    .into()
}

fn line(amount_micros: i64) -> OrderLine {
    OrderLine {
        product: None,
        quantity_milli: 1_000,
        amount_micros,
        cost_micros: Some(amount_micros / 2),
    }
}

pub(super) fn ordered(id: &str, by: Option<&str>, amount: i64) -> Payload {
    OrderPlaced {
        order: OrderId::new(id).expect("an id"),
        account: by.map(account),
        rep: rep(),
        opportunity: None,
        currency: usd(),
        lines: vec![line(amount)],
        kind: None,
        lead_source: None,
        campaign: None,
        channel: None,
        territory: None,
        attributes: Vec::new(),
    }
    .into()
}

pub(super) fn refunded(id: &str, amount: i64) -> Payload {
    OrderRefunded {
        order: OrderId::new(id).expect("an id"),
        currency: usd(),
        lines: vec![line(amount)],
        reason: None,
    }
    .into()
}

fn subscription(id: &str) -> SubscriptionId {
    SubscriptionId::new(id).expect("an id")
}

pub(super) fn subscribed(id: &str, by: &str, monthly: i64) -> Payload {
    SubscriptionStarted {
        subscription: subscription(id),
        account: account(by),
        monthly: money(monthly),
        rep: rep(),
        product: None,
        lead_source: None,
        campaign: None,
        channel: None,
        territory: None,
        attributes: Vec::new(),
    }
    .into()
}

pub(super) fn resized(id: &str, monthly: i64) -> Payload {
    SubscriptionChanged {
        subscription: subscription(id),
        monthly: money(monthly),
        kind: None,
        product: None,
    }
    .into()
}

pub(super) fn cancelled(id: &str) -> Payload {
    SubscriptionCancelled {
        subscription: subscription(id),
        reason: None,
    }
    .into()
}

pub(super) fn reactivated(id: &str) -> Payload {
    SubscriptionReactivated {
        subscription: subscription(id),
        monthly: None,
    }
    .into()
}

pub(super) fn called(from: Option<&str>, deal: Option<&str>) -> Payload {
    ActivityLogged {
        activity: None,
        kind: ActivityKind::Call,
        rep: rep(),
        direction: Direction::Outbound,
        duration_ms: Some(60_000),
        outcome: None,
        lead: from.map(lead),
        opportunity: deal.map(opportunity),
        account: None,
        campaign: None,
        channel: None,
        territory: None,
        attributes: Vec::new(),
    }
    .into()
}

pub(super) fn meeting_scheduled(id: &str, with: Option<&str>) -> Payload {
    MeetingScheduled {
        meeting: MeetingId::new(id).expect("an id"),
        due_at: event("x", 30, void("x")).occurred_at,
        rep: rep(),
        lead: with.map(lead),
        opportunity: None,
        account: None,
        channel: None,
        attributes: Vec::new(),
    }
    .into()
}

pub(super) fn meeting_held(id: &str) -> Payload {
    MeetingCompleted {
        meeting: MeetingId::new(id).expect("an id"),
    }
    .into()
}

pub(super) fn referred(id: &str, to: Option<&str>) -> Payload {
    ReferralReceived {
        referral: ReferralId::new(id).expect("an id"),
        rep: rep(),
        referrer: None,
        lead: to.map(lead),
        channel: None,
        attributes: Vec::new(),
    }
    .into()
}

pub(super) fn recommends(by: &str, score: i64) -> Payload {
    SurveyAnswered {
        kind: SurveyKind::Nps,
        respondent: Some(name(by)),
        account: None,
        rep: rep(),
        product: None,
        channel: None,
        scores: vec![Score {
            criterion: None,
            milli: score * 1_000,
        }],
        attributes: Vec::new(),
    }
    .into()
}

pub(super) fn assigned(region: &str) -> Payload {
    RepAssigned {
        rep: RepId::new("rep").expect("an id"),
        team: None,
        manager: None,
        region: Some(name(region)),
        territory: None,
        role: None,
        effective_date: None,
    }
    .into()
}
