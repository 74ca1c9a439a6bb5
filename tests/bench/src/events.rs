//! The organisation as events.

use scoreline_proto::{
    events::v1::{
        ActivityLogged, Event, InquiryAnswered, InquiryReceived, LeadConverted, LeadCreated, LeadQualified,
        OpportunityLost, OpportunityOpened, OpportunityStageChanged, OpportunityWon, OrderLine, OrderPlaced, Outcome,
        RepAssigned, RepJoined, Score, SubscriptionCancelled, SubscriptionChanged, SubscriptionReactivated,
        SubscriptionStarted, SurveyAnswered, SurveyKind, TargetSet, event::Payload, target_set,
    },
    types::v1::{Date, DateRange, Money},
};

use crate::organisation::{Family, KINDS, Moment, Movement, Organisation, QUARTERS, REPS, SOURCES, STAGES, Size};

/// Reps, regions and quotas.
pub(crate) fn of_people(organisation: &Organisation) -> Vec<Event> {
    let mut events = Vec::new();
    let mut tell = |id: String, payload: Payload| events.push(event(id, 1_640_995_200_000, "hr", payload));
    for rep in 0..REPS {
        let rep_id = Organisation::rep_name(rep);
        let joined = RepJoined {
            rep_id: rep_id.clone(),
            name: format!("Rep {rep}"),
            effective_date: Some(date(18_993)),
        };
        tell(format!("{rep_id}-joined"), Payload::RepJoined(joined));
        let assigned = RepAssigned {
            rep_id: rep_id.clone(),
            region: Organisation::region(rep).to_owned(),
            effective_date: Some(date(18_993)),
            ..RepAssigned::default()
        };
        tell(format!("{rep_id}-assigned"), Payload::RepAssigned(assigned));
        for (quarter, days) in QUARTERS.windows(2).enumerate() {
            let target = TargetSet {
                target_id: format!("{rep_id}-{quarter}"),
                scope: Some(target_set::Scope::RepId(rep_id.clone())),
                metric_id: "bookings".to_owned(),
                period: Some(DateRange {
                    start: Some(date(days[0])),
                    end: Some(date(days[1])),
                }),
                amount: Some(target_set::Amount::Money(money(organisation.quota(rep, quarter)))),
                ..TargetSet::default()
            };
            tell(format!("{rep_id}-quota-{quarter}"), Payload::TargetSet(target));
        }
    }
    events
}

/// All that happened with one account, in the order of time.
pub(crate) fn of_family(size: Size, family: &Family) -> Vec<Event> {
    of_family_named(size.name, family)
}

/// The same, with ids of one's own.
pub(crate) fn of_family_named(name: &str, family: &Family) -> Vec<Event> {
    let mut teller = Teller {
        name,
        family,
        events: Vec::new(),
    };
    teller.leads();
    teller.deals();
    teller.activities();
    teller.orders();
    teller.service();
    teller.subscription();
    teller.events.sort_by_key(|(at, _)| *at);
    teller.events.into_iter().map(|(_, event)| event).collect()
}

struct Teller<'a> {
    /// Part of all ids.
    name: &'a str,
    family: &'a Family,
    events: Vec<(Moment, Event)>,
}

impl Teller<'_> {
    fn tell(&mut self, id: String, at: Moment, source: &str, payload: Payload) {
        self.events.push((at, event(id, at, source, payload)));
    }

    fn id(&self, kind: &str, at: usize) -> String {
        format!("{kind}-{}-{}-{at}", self.name, self.family.account)
    }

    fn account(&self) -> String {
        format!("acc-{}", self.family.account)
    }

    fn leads(&mut self) {
        for (at, lead) in self.family.leads.iter().enumerate() {
            let lead_id = self.id("lead", at);
            let created = LeadCreated {
                lead_id: lead_id.clone(),
                owner_id: Organisation::rep_name(lead.rep),
                lead_source: SOURCES[lead.source].to_owned(),
                ..LeadCreated::default()
            };
            self.tell(
                format!("{lead_id}-c"),
                lead.created,
                "crm",
                Payload::LeadCreated(created),
            );
            if let Some(qualified) = lead.qualified {
                let payload = LeadQualified {
                    lead_id: lead_id.clone(),
                };
                self.tell(
                    format!("{lead_id}-q"),
                    qualified,
                    "crm",
                    Payload::LeadQualified(payload),
                );
            }
            if let Some(deal) = lead.deal {
                let converted = LeadConverted {
                    lead_id: lead_id.clone(),
                    account_id: self.account(),
                    opportunity_id: self.id("opp", deal),
                };
                let at = self.family.deals[deal].opened;
                self.tell(format!("{lead_id}-v"), at, "crm", Payload::LeadConverted(converted));
            }
        }
    }

    fn deals(&mut self) {
        for (at, deal) in self.family.deals.iter().enumerate() {
            let opportunity_id = self.id("opp", at);
            let opened = OpportunityOpened {
                opportunity_id: opportunity_id.clone(),
                owner_id: Organisation::rep_name(deal.rep),
                account_id: self.account(),
                lead_id: deal.lead.map(|lead| self.id("lead", lead)).unwrap_or_default(),
                stage: STAGES[0].to_owned(),
                amount: Some(money(deal.amount)),
                product_id: Organisation::product(deal.product),
                lead_source: SOURCES[deal.source].to_owned(),
                ..OpportunityOpened::default()
            };
            self.tell(
                format!("{opportunity_id}-o"),
                deal.opened,
                "crm",
                Payload::OpportunityOpened(opened),
            );
            for (number, (at, stage)) in deal.stages.iter().enumerate().skip(1) {
                let changed = OpportunityStageChanged {
                    opportunity_id: opportunity_id.clone(),
                    stage: STAGES[*stage].to_owned(),
                    ..OpportunityStageChanged::default()
                };
                let payload = Payload::OpportunityStageChanged(changed);
                self.tell(format!("{opportunity_id}-s{number}"), *at, "crm", payload);
            }
            if let Some(closing) = &deal.closing {
                let payload = if closing.won {
                    Payload::OpportunityWon(OpportunityWon {
                        opportunity_id: opportunity_id.clone(),
                        ..Default::default()
                    })
                } else {
                    Payload::OpportunityLost(OpportunityLost {
                        opportunity_id: opportunity_id.clone(),
                        ..Default::default()
                    })
                };
                self.tell(format!("{opportunity_id}-x"), closing.at, "crm", payload);
            }
        }
    }

    fn activities(&mut self) {
        for (at, activity) in self.family.activities.iter().enumerate() {
            let activity_id = self.id("act", at);
            let logged = ActivityLogged {
                activity_id: activity_id.clone(),
                kind: activity.kind as i32 + 1,
                rep_id: Organisation::rep_name(activity.rep),
                outcome: Some(Outcome {
                    name: if activity.successful { "reached" } else { "not_reached" }.to_owned(),
                    successful: activity.successful,
                }),
                opportunity_id: activity.deal.map(|deal| self.id("opp", deal)).unwrap_or_default(),
                account_id: if activity.deal.is_none() {
                    self.account()
                } else {
                    String::new()
                },
                ..ActivityLogged::default()
            };
            let source = if KINDS[activity.kind] == "call" {
                "telephony"
            } else {
                "crm"
            };
            self.tell(activity_id, activity.at, source, Payload::ActivityLogged(logged));
        }
    }

    fn orders(&mut self) {
        for (at, order) in self.family.orders.iter().enumerate() {
            let order_id = self.id("ord", at);
            let line = OrderLine {
                product_id: Organisation::product(order.product),
                quantity: "1".to_owned(),
                amount: Some(money(order.amount)),
                cost: Some(money(order.amount * 6 / 10)),
            };
            let placed = OrderPlaced {
                order_id: order_id.clone(),
                account_id: self.account(),
                rep_id: Organisation::rep_name(order.rep),
                opportunity_id: order.deal.map(|deal| self.id("opp", deal)).unwrap_or_default(),
                lines: vec![line],
                ..OrderPlaced::default()
            };
            self.tell(order_id, order.at, "shop", Payload::OrderPlaced(placed));
        }
    }

    fn service(&mut self) {
        for (at, inquiry) in self.family.inquiries.iter().enumerate() {
            let (inquiry_id, rep_id) = (self.id("inq", at), Organisation::rep_name(inquiry.rep));
            let received = InquiryReceived {
                inquiry_id: inquiry_id.clone(),
                channel: "email".to_owned(),
                rep_id: rep_id.clone(),
                account_id: self.account(),
                ..InquiryReceived::default()
            };
            self.tell(
                format!("{inquiry_id}-r"),
                inquiry.at,
                "helpdesk",
                Payload::InquiryReceived(received),
            );
            if let Some(answered) = inquiry.answered {
                let payload = InquiryAnswered {
                    inquiry_id: inquiry_id.clone(),
                    rep_id,
                };
                self.tell(
                    format!("{inquiry_id}-a"),
                    answered,
                    "helpdesk",
                    Payload::InquiryAnswered(payload),
                );
            }
        }
        for (at, survey) in self.family.surveys.iter().enumerate() {
            let survey_id = self.id("nps", at);
            let answered = SurveyAnswered {
                kind: SurveyKind::Nps.into(),
                respondent_id: survey_id.clone(),
                account_id: self.account(),
                rep_id: Organisation::rep_name(survey.rep),
                scores: vec![Score {
                    criterion: String::new(),
                    score: survey.score.to_string(),
                }],
                ..SurveyAnswered::default()
            };
            self.tell(survey_id, survey.at, "surveys", Payload::SurveyAnswered(answered));
        }
    }

    fn subscription(&mut self) {
        let subscription_id = self.id("sub", 0);
        for (number, change) in self.family.subscription.iter().enumerate() {
            let (subscription_id, monthly) = (subscription_id.clone(), Some(money(change.monthly)));
            let id = format!("{subscription_id}-{number}");
            let payload = match change.movement {
                Movement::Started => Payload::SubscriptionStarted(SubscriptionStarted {
                    subscription_id,
                    account_id: self.account(),
                    monthly,
                    ..SubscriptionStarted::default()
                }),
                Movement::Changed => Payload::SubscriptionChanged(SubscriptionChanged {
                    subscription_id,
                    monthly,
                    ..SubscriptionChanged::default()
                }),
                Movement::Cancelled => Payload::SubscriptionCancelled(SubscriptionCancelled {
                    subscription_id,
                    ..SubscriptionCancelled::default()
                }),
                Movement::Reactivated => Payload::SubscriptionReactivated(SubscriptionReactivated {
                    subscription_id,
                    monthly,
                }),
            };
            self.tell(id, change.at, "billing", payload);
        }
    }
}

fn event(event_id: String, at: Moment, source: &str, payload: Payload) -> Event {
    let occurred_at = prost_types::Timestamp {
        seconds: at.div_euclid(1_000),
        nanos: at.rem_euclid(1_000) as i32 * 1_000_000,
    };
    Event {
        event_id,
        source: source.to_owned(),
        occurred_at: Some(occurred_at),
        payload: Some(payload),
    }
}

fn money(cents: i64) -> Money {
    Money {
        currency_code: "USD".to_owned(),
        units: cents / 100,
        nanos: (cents % 100) as i32 * 10_000_000,
    }
}

/// A day counted from 1970.
pub(crate) fn date(day: i32) -> Date {
    let date = jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(day));
    Date {
        year: date.year().into(),
        month: date.month().into(),
        day: date.day().into(),
    }
}
