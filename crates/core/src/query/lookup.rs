//! From a row's stored codes to the code of a dimension's value.

use std::collections::HashMap;

use jiff::civil::Date;
use smol_str::SmolStr;

use super::dated::Dated;
use crate::{
    dimension::{Assignment, Dimension, Tables},
    id::Name,
    ledger::{Texts, TextsOf, day},
};

/// How a dimension's value is found: by the row's own column, and where that says nothing, by the row's rep and day.
///
/// Code 0 stands for "has no value".
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    pub(super) dimension: Dimension,
    pub(super) own: Option<Own>,
    pub(super) rep: Option<Dated>,
    /// For a derived dimension, its values; a stored one's are those of the tenant's dictionary.
    values: Option<Values>,
    /// The one day of which values are taken, for all rows alike.
    fixed: Option<Date>,
}

/// The row's own column.
#[derive(Debug, Clone)]
pub(super) struct Own {
    pub(super) dimension: Dimension,
    /// The value of each of the column's codes; `None`: the codes are the values.
    pub(super) map: Option<Vec<u32>>,
}

#[derive(Debug, Clone, Default)]
struct Values {
    texts: Vec<SmolStr>,
    codes: HashMap<SmolStr, u32>,
}

impl Values {
    fn code(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else { return 0 };
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        let text = SmolStr::new(text);
        self.texts.push(text.clone());
        let code = self.texts.len() as u32;
        self.codes.insert(text, code);
        code
    }
}

impl Lookup {
    /// The row's own column as it is.
    pub(super) fn stored(dimension: &Dimension) -> Self {
        let own = Own {
            dimension: dimension.clone(),
            map: None,
        };
        Self {
            dimension: dimension.clone(),
            own: Some(own),
            rep: None,
            values: None,
            fixed: None,
        }
    }

    /// The lookup of a dimension; of one day, or of each row's day.
    pub(super) fn new(dimension: &Dimension, fixed: Option<Date>) -> Self {
        let own = match dimension {
            Dimension::Territory | Dimension::Region => Some(Dimension::Territory),
            Dimension::ProductCategory => Some(Dimension::Product),
            Dimension::Segment | Dimension::Industry => Some(Dimension::Account),
            Dimension::Team | Dimension::TeamLevel(_) | Dimension::Manager | Dimension::Role => None,
            stored => return Self::stored(stored),
        };
        let by_rep = !matches!(
            dimension,
            Dimension::ProductCategory | Dimension::Segment | Dimension::Industry
        );
        Self {
            dimension: dimension.clone(),
            own: own.map(|dimension| Own {
                dimension,
                map: Some(Vec::new()),
            }),
            rep: by_rep.then(Dated::default),
            values: Some(Values::default()),
            fixed,
        }
    }

    /// Whether a row's value depends on its day.
    pub(super) fn is_dated(&self) -> bool {
        self.rep.is_some() && self.fixed.is_none()
    }

    /// Whether its codes are those of the tenant's dictionary.
    pub(super) fn is_stored(&self) -> bool {
        self.values.is_none()
    }

    /// The values of a derived dimension in the order of their codes.
    pub(super) fn derived(&self) -> &[SmolStr] {
        self.values.as_ref().map_or(&[], |values| values.texts.as_slice())
    }

    /// Takes in codes that the dictionaries have got since the last call.
    pub(super) fn refresh(&mut self, texts: &Texts, tables: &Tables) {
        let Some(values) = &mut self.values else { return };
        if let Some(Own {
            dimension,
            map: Some(map),
        }) = &mut self.own
        {
            for code in map.len() as u32..texts.size(dimension) {
                let value = texts
                    .text(dimension, code)
                    .and_then(|own| own_value(&self.dimension, own, tables));
                map.push(values.code(value));
            }
        }
        let Some(dated) = &mut self.rep else { return };
        for code in dated.len() as u32..texts.size(&Dimension::Rep) {
            let rep = texts.text(&Dimension::Rep, code).and_then(|rep| tables.rep(rep));
            let mut value =
                |assignment: &Assignment| values.code(rep_value(&self.dimension, assignment, tables).map(Name::as_str));
            let steps: Vec<(i32, u32)> = match (rep, self.fixed) {
                (None, _) => Vec::new(),
                (Some(rep), Some(date)) => rep
                    .assignment(date)
                    .map(|held| (i32::MIN, value(held)))
                    .into_iter()
                    .collect(),
                (Some(rep), None) => rep
                    .assignments()
                    .iter()
                    .map(|held| (day::to_day(held.effective), value(held)))
                    .collect(),
            };
            dated.push(steps);
        }
    }

    /// One more than the highest code.
    pub(super) fn size(&self, texts: &Texts) -> u32 {
        match &self.values {
            Some(values) => values.texts.len() as u32 + 1,
            None => texts.size(&self.dimension),
        }
    }

    /// What its codes say.
    pub(super) fn words<'a>(&'a self, texts: &'a Texts) -> Words<'a> {
        match &self.values {
            Some(values) => Words::Derived(&values.texts),
            None => Words::Stored(texts.of(&self.dimension)),
        }
    }

    /// The value for a row's own code and rep on a day.
    pub(super) fn resolve(&self, own: u32, rep: u32, day: i32) -> u32 {
        let own = match &self.own {
            Some(Own { map: Some(map), .. }) => map[own as usize],
            Some(Own { map: None, .. }) => own,
            None => 0,
        };
        match &self.rep {
            Some(dated) if own == 0 => dated.at(rep, day),
            _ => own,
        }
    }
}

/// The texts of a dimension's codes.
pub(super) enum Words<'a> {
    Derived(&'a [SmolStr]),
    Stored(TextsOf<'a>),
}

impl Words<'_> {
    /// The text of a code; `None` for 0.
    pub(super) fn get(&self, code: u32) -> Option<SmolStr> {
        match self {
            Words::Derived(texts) => texts.get(code.checked_sub(1)? as usize).cloned(),
            Words::Stored(texts) => texts.get(code).map(SmolStr::new),
        }
    }
}

/// What the row's own column says of a dimension.
fn own_value<'a>(dimension: &Dimension, own: &'a str, tables: &'a Tables) -> Option<&'a str> {
    let value = match dimension {
        Dimension::Region => tables.territory(own)?.region.as_ref(),
        Dimension::ProductCategory => tables.product(own)?.category.as_ref(),
        Dimension::Segment => tables.account(own)?.segment.as_ref(),
        Dimension::Industry => tables.account(own)?.industry.as_ref(),
        _ => return Some(own),
    };
    value.map(Name::as_str)
}

/// What a rep's assignment says of a dimension.
fn rep_value<'a>(dimension: &Dimension, assignment: &'a Assignment, tables: &'a Tables) -> Option<&'a Name> {
    match dimension {
        Dimension::Team => assignment.team.as_ref(),
        Dimension::TeamLevel(level) => tables.team_at_level(assignment.team.as_ref()?, *level),
        Dimension::Manager => assignment.manager.as_ref(),
        Dimension::Role => assignment.role.as_ref(),
        Dimension::Region => tables.region_of_assignment(assignment),
        Dimension::Territory => assignment.territory.as_ref(),
        _ => None,
    }
}
