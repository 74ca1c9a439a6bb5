//! Which subjects an event concerns, and what reference data says.

use jiff::Timestamp;

use super::occurrence::Key;
use crate::{
    dimension::Fact,
    event::{Payload, SurveyAnswered, SurveyKind},
    id::{EventId, Name},
    policy::Policies,
    subject::{Subject, SubjectKind},
};

/// The subjects in whose histories an event stands, each once. Empty for reference data and for corrections.
#[must_use]
pub fn subjects(event: &EventId, payload: &Payload) -> Vec<Subject> {
    use SubjectKind::{Event, Inquiry, Issue, Lead, Meeting, Opportunity, Order, Subscription};
    let one = |kind: SubjectKind, id: &Name| vec![Subject::new(kind, id)];
    match payload {
        Payload::LeadCreated(payload) => one(Lead, payload.lead.name()),
        Payload::LeadQualified(payload) => one(Lead, payload.lead.name()),
        Payload::LeadDisqualified(payload) => one(Lead, payload.lead.name()),
        Payload::LeadConverted(payload) => one(Lead, payload.lead.name()),
        Payload::OpportunityOpened(payload) => one(Opportunity, payload.opportunity.name()),
        Payload::OpportunityUpdated(payload) => one(Opportunity, payload.opportunity.name()),
        Payload::OpportunityStageChanged(payload) => one(Opportunity, payload.opportunity.name()),
        Payload::OpportunityWon(payload) => one(Opportunity, payload.opportunity.name()),
        Payload::OpportunityLost(payload) => one(Opportunity, payload.opportunity.name()),
        Payload::OpportunityReopened(payload) => one(Opportunity, payload.opportunity.name()),
        Payload::OrderPlaced(payload) => one(Order, payload.order.name()),
        Payload::OrderRefunded(payload) => one(Order, payload.order.name()),
        Payload::SubscriptionStarted(payload) => one(Subscription, payload.subscription.name()),
        Payload::SubscriptionChanged(payload) => one(Subscription, payload.subscription.name()),
        Payload::SubscriptionCancelled(payload) => one(Subscription, payload.subscription.name()),
        Payload::SubscriptionReactivated(payload) => one(Subscription, payload.subscription.name()),
        Payload::ActivityLogged(payload) => {
            let lead = payload.lead.iter().map(|lead| Subject::new(Lead, lead.name()));
            let opportunity = payload
                .opportunity
                .iter()
                .map(|opportunity| Subject::new(Opportunity, opportunity.name()));
            one(Event, event.name())
                .into_iter()
                .chain(lead)
                .chain(opportunity)
                .collect()
        }
        Payload::MeetingScheduled(payload) => one(Meeting, payload.meeting.name()),
        Payload::MeetingRescheduled(payload) => one(Meeting, payload.meeting.name()),
        Payload::MeetingCompleted(payload) => one(Meeting, payload.meeting.name()),
        Payload::MeetingCancelled(payload) => one(Meeting, payload.meeting.name()),
        Payload::MeetingNoShow(payload) => one(Meeting, payload.meeting.name()),
        Payload::InquiryReceived(payload) => one(Inquiry, payload.inquiry.name()),
        Payload::InquiryAnswered(payload) => one(Inquiry, payload.inquiry.name()),
        Payload::IssueOpened(payload) => one(Issue, payload.issue.name()),
        Payload::IssueResolved(payload) => one(Issue, payload.issue.name()),
        Payload::SurveyAnswered(payload) if payload.kind == SurveyKind::Nps => vec![respondent(event, payload)],
        Payload::ReferralReceived(payload) => match &payload.lead {
            Some(lead) => one(Lead, lead.name()),
            None => one(Event, event.name()),
        },
        Payload::SurveyAnswered(_)
        | Payload::CostIncurred(_)
        | Payload::WebTrafficRecorded(_)
        | Payload::SocialEngagementRecorded(_)
        | Payload::TimeSpent(_)
        | Payload::AssessmentMade(_)
        | Payload::TrainingCompleted(_)
        | Payload::MeasurementRecorded(_) => one(Event, event.name()),
        Payload::RepJoined(_)
        | Payload::RepLeft(_)
        | Payload::RepAssigned(_)
        | Payload::AccountDescribed(_)
        | Payload::ProductDescribed(_)
        | Payload::TeamDescribed(_)
        | Payload::TerritoryDescribed(_)
        | Payload::CurrencyRateSet(_)
        | Payload::TargetSet(_)
        | Payload::EventAmended(_)
        | Payload::EventVoided(_) => Vec::new(),
    }
}

/// Who answered an NPS survey. A name that is too long for the prefix stands without it.
fn respondent(event: &EventId, survey: &SurveyAnswered) -> Subject {
    let account = survey.account.as_ref().map(|account| account.name());
    let name = survey.respondent.as_ref().or(account).unwrap_or_else(|| event.name());
    Subject::compose(SubjectKind::Respondent, &["nps", name.as_str()])
        .unwrap_or_else(|_| Subject::new(SubjectKind::Respondent, name))
}

/// Subjects that the fold of an event is likely to read or to tell. It is a hint for what to fetch early: nothing
/// depends on it but the number of round trips.
pub(super) fn companions(payload: &Payload) -> Vec<Subject> {
    let mut found = Vec::new();
    let mut name = |kind: SubjectKind, id: Option<&Name>| found.extend(id.map(|id| Subject::new(kind, id)));
    match payload {
        Payload::LeadCreated(payload) => name(SubjectKind::Account, payload.account.as_ref().map(|id| id.name())),
        Payload::LeadConverted(payload) => name(SubjectKind::Account, Some(payload.account.name())),
        Payload::OpportunityOpened(payload) => {
            name(SubjectKind::Lead, payload.lead.as_ref().map(|id| id.name()));
            name(SubjectKind::Account, payload.account.as_ref().map(|id| id.name()));
        }
        Payload::OrderPlaced(payload) => name(SubjectKind::Account, payload.account.as_ref().map(|id| id.name())),
        Payload::SubscriptionStarted(payload) => name(SubjectKind::Account, Some(payload.account.name())),
        Payload::MeetingScheduled(payload) => name(SubjectKind::Lead, payload.lead.as_ref().map(|id| id.name())),
        _ => {}
    }
    found
}

/// Whether a payload is reference data, which folds to facts of the dimension tables.
#[must_use]
pub fn is_reference(payload: &Payload) -> bool {
    matches!(
        payload,
        Payload::RepJoined(_)
            | Payload::RepLeft(_)
            | Payload::RepAssigned(_)
            | Payload::AccountDescribed(_)
            | Payload::ProductDescribed(_)
            | Payload::TeamDescribed(_)
            | Payload::TerritoryDescribed(_)
            | Payload::CurrencyRateSet(_)
            | Payload::TargetSet(_)
    )
}

/// What a reference event says, from its effective date on, else from its business date on.
#[must_use]
pub fn fact(event: &EventId, at: Timestamp, payload: &Payload, policies: &Policies) -> Fact {
    let stated = match payload {
        Payload::RepJoined(payload) => payload.effective_date,
        Payload::RepLeft(payload) => payload.effective_date,
        Payload::RepAssigned(payload) => payload.effective_date,
        Payload::CurrencyRateSet(payload) => payload.effective_date,
        _ => None,
    };
    let effective = stated.unwrap_or_else(|| policies.time_zone.date_of(at));
    Fact {
        at,
        event: event.clone(),
        effective,
        payload: payload.clone(),
    }
}

/// An event's place in the histories of its subjects. The ids of signals begin with `~`; an event's id that does so too
/// gets a character that ids can't have, so that the two are never confused.
pub(super) fn key(event: &EventId, at: Timestamp) -> Key {
    let id = event.as_str();
    Key {
        at,
        id: if id.starts_with('~') {
            format!("\u{7f}{id}").into()
        } else {
            event.name().text().clone()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ActivityKind, ActivityLogged, Direction, RepLeft};

    #[test]
    fn an_activity_stands_alone_and_with_its_lead_and_its_deal() {
        let activity = ActivityLogged {
            activity: None,
            kind: ActivityKind::Call,
            rep: None,
            direction: Direction::Outbound,
            duration_ms: None,
            outcome: None,
            lead: Some(crate::id::LeadId::new("L").expect("an id")),
            opportunity: Some(crate::id::OpportunityId::new("O").expect("an id")),
            account: None,
            campaign: None,
            channel: None,
            territory: None,
            attributes: Vec::new(),
        };
        let found = subjects(&EventId::new("e").expect("an id"), &activity.into());
        assert_eq!(
            found.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["event:e", "lead:L", "opportunity:O"]
        );
    }

    #[test]
    fn a_respondent_is_named_by_himself_then_by_his_account_then_by_his_answer() {
        let mut survey = SurveyAnswered {
            kind: SurveyKind::Nps,
            respondent: Some(Name::new("x".repeat(128)).expect("a name")),
            account: Some(crate::id::AccountId::new("A").expect("an id")),
            rep: None,
            product: None,
            channel: None,
            scores: Vec::new(),
            attributes: Vec::new(),
        };
        let of = |survey: &SurveyAnswered| respondent(&EventId::new("e").expect("an id"), survey).to_string();
        assert_eq!(of(&survey), format!("respondent:{}", "x".repeat(128)));
        survey.respondent = None;
        assert_eq!(of(&survey), "respondent:nps/A");
        survey.account = None;
        assert_eq!(of(&survey), "respondent:nps/e");
    }

    #[test]
    fn a_fact_holds_from_its_own_date_or_from_the_day_it_was_said() {
        let at: Timestamp = "2024-03-05T10:00:00Z".parse().expect("a time");
        let mut left = RepLeft {
            rep: crate::id::RepId::new("r").expect("an id"),
            effective_date: None,
        };
        let event = EventId::new("e").expect("an id");
        let policies = Policies::default();
        assert_eq!(
            fact(&event, at, &left.clone().into(), &policies).effective,
            jiff::civil::date(2024, 3, 5)
        );
        left.effective_date = Some(jiff::civil::date(2024, 4, 1));
        assert_eq!(
            fact(&event, at, &left.into(), &policies).effective,
            jiff::civil::date(2024, 4, 1)
        );
    }

    #[test]
    fn an_event_is_never_taken_for_a_signal() {
        let at = Timestamp::UNIX_EPOCH;
        assert_ne!(
            &*key(&EventId::new("~order:1/placed").expect("an id"), at).id,
            "~order:1/placed"
        );
        assert_eq!(&*key(&EventId::new("plain").expect("an id"), at).id, "plain");
    }
}
