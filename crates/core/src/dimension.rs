//! Dimensions: by what a metric can be grouped and filtered.
//!
//! *Stored* dimensions are columns of the ledger. *Derived* ones are looked up in the dimension tables ([`Tables`])
//! when a question is asked, so that a change of a dimension changes answers and never the ledger.

mod tables;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use self::tables::{Account, Assignment, Fact, Product, Rep, Tables, Target, Team, Territory};
use crate::id::Name;

macro_rules! dimensions {
    ($($(#[$doc:meta])* $dimension:ident => $name:literal;)*) => {
        /// A dimension.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Dimension {
            $($(#[$doc])* $dimension,)*
            /// A declared attribute, written `attribute.<name>`.
            Attribute(Name),
            /// The team's ancestor at a level of the hierarchy, 1 the topmost, written `team@<level>`.
            TeamLevel(u8),
        }

        impl Dimension {
            /// Every dimension that has a fixed name.
            pub const NAMED: &'static [Self] = &[$(Self::$dimension),*];
        }

        impl fmt::Display for Dimension {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$dimension => f.write_str($name),)*
                    Self::Attribute(name) => write!(f, "attribute.{name}"),
                    Self::TeamLevel(level) => write!(f, "team@{level}"),
                }
            }
        }

        impl FromStr for Dimension {
            type Err = UnknownDimension;

            fn from_str(text: &str) -> Result<Self, UnknownDimension> {
                match text {
                    $($name => return Ok(Self::$dimension),)*
                    _ => {}
                }
                if let Some(name) = text.strip_prefix("attribute.").and_then(|name| Name::new(name).ok()) {
                    return Ok(Self::Attribute(name));
                }
                let level = text.strip_prefix("team@").and_then(|level| level.parse().ok());
                level.filter(|level| (1..=16).contains(level)).map(Self::TeamLevel).ok_or_else(|| UnknownDimension(text.to_owned()))
            }
        }
    };
}

/// A text that names no dimension.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a dimension")]
pub struct UnknownDimension(pub String);

dimensions! {
    /// The rep who owns, sold, did or is credited. Stored.
    Rep => "rep";
    /// The account. Stored.
    Account => "account";
    /// The product. Stored.
    Product => "product";
    /// The territory: the row's own where the event named one, else the rep's at that date. Stored and derived.
    Territory => "territory";
    /// The lead source. Stored.
    LeadSource => "lead_source";
    /// The campaign. Stored.
    Campaign => "campaign";
    /// The channel. Stored.
    Channel => "channel";
    /// The pipeline. Stored.
    Pipeline => "pipeline";
    /// The stage. Stored.
    Stage => "stage";
    /// New business, upsell, cross-sell, renewal. Stored.
    OpportunityType => "opportunity_type";
    /// The kind of an activity, of time, of engagement. Stored.
    ActivityKind => "activity_kind";
    /// The outcome of an activity. Stored.
    Outcome => "outcome";
    /// Why a deal was won or lost, a subscription cancelled, an order refunded. Stored.
    CloseReason => "close_reason";
    /// The competitor. Stored.
    Competitor => "competitor";
    /// What a cost was for. Stored.
    CostCategory => "cost_category";
    /// The kind of a survey. Stored.
    SurveyKind => "survey_kind";
    /// What was scored. Stored.
    Criterion => "criterion";
    /// The currency in which an amount was sent. Stored.
    Currency => "currency";
    /// The rep's manager at the date. Derived.
    Manager => "manager";
    /// The rep's team at the date; a filter on a team takes in the teams below it. Derived.
    Team => "team";
    /// The territory's region, else the rep's at the date. Derived.
    Region => "region";
    /// The rep's role at the date. Derived.
    Role => "role";
    /// The product's category. Derived.
    ProductCategory => "product_category";
    /// The account's segment. Derived.
    Segment => "segment";
    /// The account's industry. Derived.
    Industry => "industry";
}

impl Dimension {
    /// Whether the ledger has a column for it ([`Dimension::Territory`] is both stored and derived).
    #[must_use]
    pub fn is_stored(&self) -> bool {
        !matches!(
            self,
            Self::Manager
                | Self::Team
                | Self::TeamLevel(_)
                | Self::Region
                | Self::Role
                | Self::ProductCategory
                | Self::Segment
                | Self::Industry
        )
    }
}

impl TryFrom<String> for Dimension {
    type Error = UnknownDimension;

    fn try_from(text: String) -> Result<Self, UnknownDimension> {
        text.parse()
    }
}

impl From<Dimension> for String {
    fn from(dimension: Dimension) -> Self {
        dimension.to_string()
    }
}
