//! Random events that are right, of every kind, for property tests.

use jiff::{Timestamp, civil::Date};
use scoreline_core::{
    event::*,
    id::*,
    money::{Currency, Rate, currencies},
};

/// Numbers from a seed (splitmix64).
pub(crate) struct Source(u64);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn number(&mut self, limit: u32) -> i64 {
        self.below(limit.into()).cast_signed()
    }

    fn draw<T: Drawn>(&mut self) -> T {
        T::drawn(self)
    }

    fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize].clone()
    }

    fn some<T>(&mut self, most: u64, mut draw: impl FnMut(&mut Self, u64) -> T) -> Vec<T> {
        let length = self.below(most + 1);
        (0..length).map(|index| draw(self, index)).collect()
    }
}

/// What can be drawn.
pub(crate) trait Drawn {
    fn drawn(source: &mut Source) -> Self;
}

impl<T: Drawn> Drawn for Option<T> {
    fn drawn(source: &mut Source) -> Self {
        (source.below(3) > 0).then(|| source.draw())
    }
}

impl Drawn for bool {
    fn drawn(source: &mut Source) -> Self {
        source.below(2) == 0
    }
}

/// Amounts, counts, durations and thousandths alike: not negative, and within every limit.
impl Drawn for i64 {
    fn drawn(source: &mut Source) -> Self {
        let limit = source.pick(&[1, 10, 1_000, 1_000_000, u32::MAX]);
        source.number(limit)
    }
}

impl Drawn for String {
    fn drawn(source: &mut Source) -> Self {
        source
            .pick(&["sehr gut", "two\nlines", "“quoted”, with, commas"])
            .to_owned()
    }
}

impl Drawn for Timestamp {
    fn drawn(source: &mut Source) -> Self {
        let microsecond = source.below(7_289_654_400_000_000).cast_signed();
        Self::from_microsecond(microsecond).expect("within the years taken")
    }
}

impl Drawn for Date {
    fn drawn(source: &mut Source) -> Self {
        jiff::civil::date(1970, 1, 1) + jiff::Span::new().days(source.number(84_370))
    }
}

impl Drawn for Currency {
    fn drawn(source: &mut Source) -> Self {
        source.pick(&currencies().collect::<Vec<_>>())
    }
}

impl Drawn for Money {
    fn drawn(source: &mut Source) -> Self {
        Self {
            currency: source.draw(),
            micros: source.draw(),
        }
    }
}

impl Drawn for Rate {
    fn drawn(source: &mut Source) -> Self {
        Self::from_mantissa(1 + source.next().cast_signed().saturating_abs() / 2).expect("above zero")
    }
}

impl Drawn for Vec<Attribute> {
    fn drawn(source: &mut Source) -> Self {
        let name = |index| Name::new(format!("attribute {index:02}")).expect("a name");
        source.some(16, |source, index| Attribute {
            name: name(index),
            value: source.draw(),
        })
    }
}

impl Drawn for Vec<OrderLine> {
    fn drawn(source: &mut Source) -> Self {
        let mut lines = source.some(5, |source, _| source.draw());
        lines.push(source.draw());
        lines
    }
}

impl Drawn for Vec<Split> {
    fn drawn(source: &mut Source) -> Self {
        let rep = |index| RepId::new(format!("rep-{index}")).expect("an id");
        let mut left = 1_000_000;
        let mut splits = source.some(4, |source, index| {
            let share_ppm = u32::try_from(source.below(left + 1)).expect("at most a million");
            left -= u64::from(share_ppm);
            Split {
                rep: rep(index),
                share_ppm,
            }
        });
        if let Some(last) = splits.last_mut() {
            last.share_ppm += u32::try_from(left).expect("at most a million");
        }
        splits
    }
}

macro_rules! identifiers {
    ($($name:ident),* $(,)?) => {$(
        impl Drawn for $name {
            fn drawn(source: &mut Source) -> Self {
                let prefix = source.pick(&["a", "Zürich", "名前", "with space", "x.y/z:1"]);
                Self::new(format!("{prefix}-{}", source.below(1_000))).expect("an id")
            }
        }
    )*};
}

identifiers! {
    Name, EventId, SourceId, LeadId, OpportunityId, AccountId, OrderId, SubscriptionId, MeetingId, InquiryId,
    ActivityId, IssueId, RepId, TeamId, ProductId, TerritoryId, ReferralId, TargetId,
}

macro_rules! choices {
    ($($name:ident: $($value:ident)*;)*) => {$(
        impl Drawn for $name {
            fn drawn(source: &mut Source) -> Self {
                source.pick(&[$(Self::$value),*])
            }
        }
    )*};
}

choices! {
    ActivityKind: Call Email Demo Presentation Proposal FollowUp NetworkingEvent Other;
    Direction: Inbound Outbound;
    OpportunityType: NewBusiness Upsell CrossSell Renewal;
}

impl Drawn for SurveyAnswered {
    fn drawn(source: &mut Source) -> Self {
        let one = |milli| vec![Score { criterion: None, milli }];
        let criterion = |index| (index > 0).then(|| Name::new(format!("criterion {index}")).expect("a name"));
        let (kind, scores) = match source.below(3) {
            0 => (SurveyKind::Nps, one(source.number(11) * 1_000)),
            1 => (SurveyKind::Csat, one(1_000 + source.number(4_001))),
            _ => {
                let mut scores = source.some(4, |source, index| Score {
                    criterion: criterion(index + 1),
                    milli: 1_000 + source.number(4_001),
                });
                scores.push(Score {
                    criterion: criterion(0),
                    milli: 5_000,
                });
                (SurveyKind::ServiceQuality, scores)
            }
        };
        Self {
            kind,
            respondent: source.draw(),
            account: source.draw(),
            rep: source.draw(),
            product: source.draw(),
            channel: source.draw(),
            scores,
            attributes: source.draw(),
        }
    }
}

impl Drawn for CurrencyRateSet {
    fn drawn(source: &mut Source) -> Self {
        let [from, to] = ["EUR", "JPY"].map(|code| Currency::new(code).expect("a currency"));
        Self {
            from,
            to,
            rate: source.draw(),
            effective_date: source.draw(),
        }
    }
}

impl Drawn for TargetSet {
    fn drawn(source: &mut Source) -> Self {
        let start: Date = jiff::civil::date(2000, 1, 1) + jiff::Span::new().days(source.number(10_000));
        let scope = match source.below(4) {
            0 => TargetScope::Organisation,
            1 => TargetScope::Team(source.draw()),
            2 => TargetScope::Rep(source.draw()),
            _ => TargetScope::Territory(source.draw()),
        };
        Self {
            target: source.draw(),
            scope,
            metric: source.draw(),
            start,
            end: start + jiff::Span::new().days(1 + source.number(400)),
            amount: source.draw(),
            currency: source.draw(),
            ramp_ppm: source.some(6, |source, _| {
                u32::try_from(source.number(1_000_001)).expect("at most a million")
            }),
        }
    }
}

impl Drawn for EventAmended {
    fn drawn(source: &mut Source) -> Self {
        let kind = source.below(Payload::NAMES.len() as u64 - 2) as usize;
        Self {
            event: source.draw(),
            occurred_at: source.draw(),
            payload: Box::new(payload(source, kind)),
        }
    }
}

macro_rules! messages {
    ($($name:ident { $($field:ident),* $(,)? })*) => {$(
        impl Drawn for $name {
            fn drawn(source: &mut Source) -> Self {
                Self { $($field: source.draw()),* }
            }
        }
    )*};
}

messages! {
    LeadCreated { lead, owner, lead_source, campaign, channel, account, territory, attributes }
    LeadQualified { lead }
    LeadDisqualified { lead, reason }
    LeadConverted { lead, account, opportunity }
    OpportunityOpened { opportunity, owner, account, lead, pipeline, stage, amount, close_date, kind, product, lead_source, campaign, channel, territory, splits, attributes }
    OpportunityUpdated { opportunity, owner, amount, close_date, account, kind, product, splits }
    OpportunityStageChanged { opportunity, stage, pipeline }
    OpportunityWon { opportunity, amount, reason, competitor }
    OpportunityLost { opportunity, reason, competitor }
    OpportunityReopened { opportunity, stage }
    OrderPlaced { order, account, rep, opportunity, currency, lines, kind, lead_source, campaign, channel, territory, attributes }
    OrderLine { product, quantity_milli, amount_micros, cost_micros }
    OrderRefunded { order, currency, lines, reason }
    SubscriptionStarted { subscription, account, monthly, rep, product, lead_source, campaign, channel, territory, attributes }
    SubscriptionChanged { subscription, monthly, kind, product }
    SubscriptionCancelled { subscription, reason }
    SubscriptionReactivated { subscription, monthly }
    Outcome { name, successful }
    ActivityLogged { activity, kind, rep, direction, duration_ms, outcome, lead, opportunity, account, campaign, channel, territory, attributes }
    MeetingScheduled { meeting, due_at, rep, lead, opportunity, account, channel, attributes }
    MeetingRescheduled { meeting, due_at }
    MeetingCompleted { meeting }
    MeetingCancelled { meeting, reason }
    MeetingNoShow { meeting }
    InquiryReceived { inquiry, channel, rep, account, attributes }
    InquiryAnswered { inquiry, rep }
    IssueOpened { issue, account, rep, product, channel, attributes }
    IssueResolved { issue, rep }
    CostIncurred { category, amount, lead_source, campaign, channel, rep, attributes }
    WebTrafficRecorded { visits, lead_source, campaign, channel, attributes }
    SocialEngagementRecorded { channel, campaign, rep, likes, comments, shares, direct_messages, attributes }
    ReferralReceived { referral, rep, referrer, lead, channel, attributes }
    TimeSpent { rep, kind, customer_facing, duration_ms, attributes }
    AssessmentMade { rep, assessor, criterion, score_milli, comment, interaction, attributes }
    TrainingCompleted { rep, training, duration_ms, score_milli, attributes }
    MeasurementRecorded { measure, value, currency, rep, account, lead_source, campaign, channel, attributes }
    RepJoined { rep, name, effective_date }
    RepLeft { rep, effective_date }
    RepAssigned { rep, team, manager, region, territory, role, effective_date }
    AccountDescribed { account, name, segment, industry, territory, attributes }
    ProductDescribed { product, name, category }
    TeamDescribed { team, name, parent }
    TerritoryDescribed { territory, name, region }
    EventVoided { event, reason }
}

macro_rules! payloads {
    ($($name:ident)*) => {
        /// A payload of the kind at `index` of [`Payload::NAMES`].
        fn payload(source: &mut Source, index: usize) -> Payload {
            let draw: &[fn(&mut Source) -> Payload] = &[$(|source| source.draw::<$name>().into()),*];
            draw[index](source)
        }
    };
}

payloads! {
    LeadCreated LeadQualified LeadDisqualified LeadConverted OpportunityOpened OpportunityUpdated
    OpportunityStageChanged OpportunityWon OpportunityLost OpportunityReopened OrderPlaced OrderRefunded
    SubscriptionStarted SubscriptionChanged SubscriptionCancelled SubscriptionReactivated ActivityLogged
    MeetingScheduled MeetingRescheduled MeetingCompleted MeetingCancelled MeetingNoShow InquiryReceived
    InquiryAnswered IssueOpened IssueResolved SurveyAnswered CostIncurred WebTrafficRecorded
    SocialEngagementRecorded ReferralReceived TimeSpent AssessmentMade TrainingCompleted MeasurementRecorded
    RepJoined RepLeft RepAssigned AccountDescribed ProductDescribed TeamDescribed TerritoryDescribed CurrencyRateSet
    TargetSet EventAmended EventVoided
}

/// An event of the kind at `index` of [`Payload::NAMES`].
pub(crate) fn event(source: &mut Source, index: usize) -> Event {
    Event {
        id: source.draw(),
        source: source.draw(),
        occurred_at: source.draw(),
        payload: payload(source, index),
    }
}
