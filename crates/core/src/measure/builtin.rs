//! The measures that the fold produces.

use serde::{Deserialize, Serialize};

use super::{Accrual, Unit};

macro_rules! measures {
    ($($(#[$doc:meta])* $measure:ident => $name:literal, $unit:ident, $accrual:ident;)*) => {
        /// A measure that the fold produces. `sum` is of its values, `count` of its rows.
        ///
        /// Unless its line says otherwise, `date` is the business date of the event that it tells of, `origin_date`
        /// the business date on which the subject entered (lead created, opportunity opened, order placed), and the
        /// rep is the owner at that moment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Builtin {
            $($(#[$doc])* $measure,)*
        }

        impl Builtin {
            /// Every measure.
            pub const ALL: &'static [Self] = &[$(Self::$measure),*];

            /// Its stored name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$measure => $name,)* }
            }

            /// The measure with a stored name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$measure),)* _ => None }
            }

            /// The unit of its values.
            #[must_use]
            pub fn unit(self) -> Unit {
                match self { $(Self::$measure => Unit::$unit,)* }
            }

            /// Flow or stock.
            #[must_use]
            pub fn accrual(self) -> Accrual {
                match self { $(Self::$measure => Accrual::$accrual,)* }
            }
        }
    };
}

measures! {
    /// Revenue by order line, or by won deal where the tenant's revenue source says so; refunds are negative rows
    /// dated by the refund, with the order's date as origin.
    Revenue => "revenue", Money, Flow;
    /// Cost of goods sold by order line; returned goods are negative rows dated by the return.
    CostOfGoods => "cost_of_goods", Money, Flow;
    /// The amount of a sale when it was made, by line: an order's lines or a won deal, by the revenue source.
    /// Its distinct subjects are the sales.
    SaleAmount => "sale_amount", Money, Flow;
    /// The amount of an order at placing, by line. Its distinct subjects are the orders.
    OrderAmount => "order_amount", Money, Flow;
    /// Units sold by order line, in thousandths; refunds are negative.
    UnitsSold => "units_sold", Milli, Flow;

    /// An opportunity opened; value: its amount at opening.
    OpportunityOpened => "opportunity_opened", Money, Flow;
    /// An opportunity that stands won, by its owner; value: its amount. A deal won, reopened and won again is one row.
    Won => "won", Money, Flow;
    /// An opportunity that stands lost, by its owner, with the stage that it was in; value: its last amount.
    Lost => "lost", Money, Flow;
    /// A won deal's amount by credited rep (one row a split, or the owner's).
    Bookings => "bookings", Money, Flow;
    /// Days from opened to won.
    WonCycle => "won_cycle", Days, Flow;
    /// Days from the lead's creation to won (only deals with a lead); origin: the lead's creation.
    WonCycleFromLead => "won_cycle_from_lead", Days, Flow;
    /// Days from opened to lost.
    LostCycle => "lost_cycle", Days, Flow;
    /// Activities linked to a deal that stands won, until it was won; value: how many.
    WonActivities => "won_activities", Count, Flow;
    /// First entry into a stage; value: the amount then; origin: the entry.
    StageEntered => "stage_entered", Money, Flow;
    /// An entrant of the stage later reached a further stage of the pipeline, or was won; value: the amount at
    /// entry; origin: the entry.
    StageAdvanced => "stage_advanced", Money, Flow;
    /// A deal that stands lost left from this stage; value: the amount at first entry; origin: first entry.
    StageLeaked => "stage_leaked", Money, Flow;
    /// An entrant's fate is decided: it advanced, or its deal was closed; value: the amount at entry; origin: entry.
    StageDecided => "stage_decided", Money, Flow;
    /// A completed visit of a stage; value: how long; date: the exit; origin: the entry of that visit.
    StageVisit => "stage_visit", Milliseconds, Flow;
    /// Open opportunities by stage: ±1; origin: the entry into the stage (of this visit).
    OpenOpportunities => "open_opportunities", Count, Stock;
    /// The amount of open opportunities by stage: ±amount; origin: the expected close date (the date of opening
    /// where none is known).
    PipelineAmount => "pipeline_amount", Money, Stock;
    /// The expected close date was moved later; value: by how many days.
    CloseDatePushed => "close_date_pushed", Days, Flow;

    /// A lead created.
    LeadCreated => "lead_created", Count, Flow;
    /// A lead qualified (its first qualification); value: days since creation.
    LeadQualified => "lead_qualified", Days, Flow;
    /// A lead that stands disqualified; value: days since creation.
    LeadDisqualified => "lead_disqualified", Days, Flow;
    /// A lead became an opportunity (conversion with one, or an opportunity opened from it, the first of them);
    /// value: days since creation.
    LeadToOpportunity => "lead_to_opportunity", Days, Flow;
    /// A lead whose account became a paying customer: date: the later of the link to the account and the account's
    /// first purchase; value: days since creation (negative where data says so).
    LeadToCustomer => "lead_to_customer", Days, Flow;
    /// First response to a lead (the first outbound activity or completed meeting linked to it, at or after its
    /// creation), calendar time.
    LeadResponse => "lead_response", Milliseconds, Flow;
    /// The same in business hours.
    LeadResponseBusiness => "lead_response_business", Milliseconds, Flow;

    /// An account's first purchase (order, won deal or subscription).
    CustomerAcquired => "customer_acquired", Count, Flow;
    /// Active customers by the lifecycle policy: ±1.
    ActiveCustomers => "active_customers", Count, Stock;
    /// A sale to an account (an order or a won deal, by the revenue source, or a subscription start); account always
    /// set; value: 1. Its distinct accounts are the buyers.
    Purchase => "purchase", Count, Flow;
    /// A sale to an account that had an earlier one.
    RepeatPurchase => "repeat_purchase", Count, Flow;
    /// A purchase of type upsell or cross-sell, or a subscription expansion of that type.
    UpsellPurchase => "upsell_purchase", Count, Flow;

    /// Monthly recurring revenue: ±amount; account always set.
    Mrr => "mrr", Money, Stock;
    /// MRR of an account that never had any.
    MrrNew => "mrr_new", Money, Flow;
    /// MRR that an account with MRR added.
    MrrExpansion => "mrr_expansion", Money, Flow;
    /// MRR that an account lost while it kept some: negative.
    MrrContraction => "mrr_contraction", Money, Flow;
    /// MRR of an account that has none left: negative.
    MrrChurned => "mrr_churned", Money, Flow;
    /// MRR of an account that had some once, and none just before.
    MrrReactivation => "mrr_reactivation", Money, Flow;

    /// An activity by kind and outcome; value: its duration, 0 where unknown.
    Activity => "activity", Milliseconds, Flow;
    /// An activity with a successful outcome.
    ActivitySuccessful => "activity_successful", Milliseconds, Flow;
    /// A meeting by the date it is due (its latest); origin: when it was scheduled.
    MeetingScheduled => "meeting_scheduled", Count, Flow;
    /// A completed meeting by the date it was due; origin: when it was scheduled.
    MeetingCompleted => "meeting_completed", Count, Flow;
    /// A cancelled meeting by the date it was due; origin: when it was scheduled.
    MeetingCancelled => "meeting_cancelled", Count, Flow;
    /// A meeting whose other side did not come, by the date it was due; origin: when it was scheduled.
    MeetingNoShow => "meeting_no_show", Count, Flow;
    /// Logged working time by kind.
    TimeSpent => "time_spent", Milliseconds, Flow;
    /// Logged working time with customers.
    TimeCustomerFacing => "time_customer_facing", Milliseconds, Flow;
    /// An inquiry received.
    InquiryReceived => "inquiry_received", Count, Flow;
    /// An inquiry answered (first answer); value: since received; origin: received.
    InquiryResponse => "inquiry_response", Milliseconds, Flow;
    /// Engagement in social media by kind (`likes`, `comments`, `shares`, `direct_messages`); value: how many.
    SocialEngagement => "social_engagement", Count, Flow;
    /// A referral obtained.
    ReferralReceived => "referral_received", Count, Flow;
    /// A referral whose lead's account became a paying customer; origin: the referral.
    ReferralConverted => "referral_converted", Count, Flow;
    /// Web visits; value: how many.
    WebsiteVisits => "website_visits", Count, Flow;
    /// Costs.
    Cost => "cost", Money, Flow;
    /// A training completed; value: its duration, 0 where unknown.
    TrainingCompleted => "training_completed", Milliseconds, Flow;

    /// An NPS answer that counts (one a respondent in 90 days); value: its score in thousandths.
    NpsResponse => "nps_response", Milli, Flow;
    /// An NPS answer that counts, of 9 or 10.
    NpsPromoter => "nps_promoter", Milli, Flow;
    /// An NPS answer that counts, of 0 to 6.
    NpsDetractor => "nps_detractor", Milli, Flow;
    /// A CSAT answer; value: its score in thousandths.
    CsatResponse => "csat_response", Milli, Flow;
    /// A CSAT answer of 4 or more.
    CsatSatisfied => "csat_satisfied", Milli, Flow;
    /// A service rating by criterion; value: its score in thousandths.
    ServiceRating => "service_rating", Milli, Flow;
    /// An issue opened.
    IssueOpened => "issue_opened", Count, Flow;
    /// An issue resolved (first resolution); value: since opened; origin: opened.
    IssueResolved => "issue_resolved", Milliseconds, Flow;
    /// An assessment by criterion; value: its score in thousandths.
    Assessment => "assessment", Milli, Flow;
    /// An assessment of one interaction.
    InteractionAssessment => "interaction_assessment", Milli, Flow;
}
