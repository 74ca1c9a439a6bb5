//! Dimensions: by what a metric can be grouped and filtered.
//!
//! *Stored* dimensions are columns of the ledger. *Derived* ones are looked up in the dimension tables ([`Tables`])
//! when a question is asked, so that a change of a dimension changes answers and never the ledger.

mod tables;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub(crate) use self::tables::ScopeTargets;
pub use self::tables::{Account, Assignment, Fact, Product, Rep, Tables, Target, Team, Territory};
use crate::id::Name;

macro_rules! dimensions {
    ($($(#[$doc:meta])* $dimension:ident => $name:literal;)*) => {
        /// A dimension.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

            /// What stands for it where only we read.
            fn stored(&self) -> Stored {
                match self {
                    $(Self::$dimension => Stored::Named(Numbers::$dimension as u8),)*
                    Self::Attribute(name) => Stored::Attribute(name.clone()),
                    Self::TeamLevel(level) => Stored::TeamLevel(*level),
                }
            }
        }

        /// The places of [`Dimension::NAMED`].
        enum Numbers {
            $($dimension,)*
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

/// A dimension in the states of subjects and in signals, whose layouts have a version. Whoever adds a dimension anywhere
/// but at the end moves the numbers, and must raise that version.
#[derive(Serialize, Deserialize)]
enum Stored {
    Named(u8),
    Attribute(Name),
    TeamLevel(u8),
}

impl TryFrom<Stored> for Dimension {
    type Error = UnknownDimension;

    fn try_from(stored: Stored) -> Result<Self, UnknownDimension> {
        match stored {
            Stored::Named(number) => {
                let named = Self::NAMED.get(usize::from(number)).cloned();
                named.ok_or_else(|| UnknownDimension(number.to_string()))
            }
            Stored::Attribute(name) => Ok(Self::Attribute(name)),
            Stored::TeamLevel(level) => Ok(Self::TeamLevel(level)),
        }
    }
}

impl Serialize for Dimension {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        self.stored().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Dimension {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return String::deserialize(deserializer)?.parse().map_err(D::Error::custom);
        }
        Self::try_from(Stored::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_survives_its_bytes_and_its_text() {
        let attribute = Dimension::Attribute(Name::new("age band").expect("a name"));
        for dimension in Dimension::NAMED.iter().chain([&attribute, &Dimension::TeamLevel(3)]) {
            let bytes = postcard::to_allocvec(dimension).expect("bytes");
            assert_eq!(postcard::from_bytes::<Dimension>(&bytes).as_ref(), Ok(dimension));
            let text = serde_json::to_string(dimension).expect("text");
            assert_eq!(text, format!("\"{dimension}\""));
            assert_eq!(
                &serde_json::from_str::<Dimension>(&text).expect("a dimension"),
                dimension
            );
        }
        assert!(postcard::from_bytes::<Dimension>(&[0, 200]).is_err());
    }
}
