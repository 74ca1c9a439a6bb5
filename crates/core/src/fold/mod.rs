//! The fold: all events of a subject → what they count for.
//!
//! Each kind of subject is a [`Machine`]: a bounded state that is stepped over the subject's [`Occurrence`]s in the
//! order of their [`Key`]s. Rows that later occurrences can't touch are put out by `step`; rows that hold only as long
//! as nothing more happens are put out by `tail`, a pure function of the state. So, with `⊎` the sum of multisets:
//!
//! ```text
//! rows(occurrences) = step(o₁) ⊎ step(o₂) ⊎ … ⊎ step(oₙ) ⊎ tail(stateₙ)
//! ```
//!
//! and what one more occurrence at the end changes is `step(oₙ₊₁) ⊎ tail(stateₙ₊₁) − tail(stateₙ)`, whatever the length
//! of the history. An occurrence that comes late, is corrected or is taken back folds the whole subject twice, before
//! and after, and the difference is what changed. Either way the ledger is a function of the set of events.
//!
//! [`correction`] tells what an event says in the end, [`routing`] which subjects it concerns, and [`batch`] puts new
//! events into the ledger, driven by a store: the database's, or the one in [`memory`], by which [`rebuild`] tells what a
//! log comes to. Between batches a subject is a [`record::Record`].

mod account;
pub mod batch;
pub mod correction;
mod elapsed;
mod exchange;
mod inquiry;
mod issue;
mod lead;
mod machine;
mod meeting;
pub mod memory;
mod occurrence;
mod opportunity;
mod order;
mod parts;
pub mod rebuild;
pub mod record;
mod respondent;
pub mod routing;
mod standalone;
mod state;
#[cfg(test)]
mod story;
mod subscription;
mod words;

pub use self::{
    account::Account,
    inquiry::Inquiry,
    issue::Issue,
    lead::Lead,
    machine::{Context, Facts, Links, Machine, Output},
    meeting::Meeting,
    occurrence::{Key, Occurrence, Purchase, PurchaseKind, Signal, What},
    opportunity::Opportunity,
    order::Order,
    respondent::Respondent,
    standalone::Standalone,
    subscription::Subscription,
};
