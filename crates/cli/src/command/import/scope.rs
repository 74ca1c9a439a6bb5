//! What a template may name.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use super::sheet::Row;

/// A row with everything that belongs to it.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// The row.
    pub(super) row: Row,
    /// Its file's name.
    pub(super) file: Arc<str>,
    /// Its number among the file's rows, from 1.
    pub(super) number: u64,
    /// What was derived from it, by name.
    pub(super) derived: HashMap<String, String>,
    /// The rows of other files that it joins, by the join's name; the first is the one that plain names mean.
    pub(super) joined: HashMap<String, Arc<[Row]>>,
}

/// Where a template is filled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The row.
    pub(super) case: &'a Case,
    /// The rows of its group; only itself where nothing is grouped.
    pub(super) group: &'a [Case],
    /// One of several rows of a join, when it is gone through.
    pub(super) item: Option<(&'a str, &'a Row)>,
    /// The number of the repetition or of the line in a list, from 1.
    pub(super) count: usize,
}

impl<'a> Scope<'a> {
    /// The scope of a row by itself.
    pub(super) fn of(case: &'a Case) -> Self {
        Self {
            case,
            group: std::slice::from_ref(case),
            item: None,
            count: 1,
        }
    }

    /// The value of a name: `@file`, `@line`, `@row` and `@count`; a derived column; `join.column`, empty where the join
    /// found nothing; or a column.
    pub(super) fn value(&self, name: &str) -> Option<Cow<'a, str>> {
        match name {
            "@file" => return Some(Cow::Borrowed(&self.case.file)),
            "@line" => return Some(self.case.row.line.to_string().into()),
            "@row" => return Some(self.case.number.to_string().into()),
            "@count" => return Some(self.count.to_string().into()),
            _ => {}
        }
        if let Some(value) = self.case.derived.get(name) {
            return Some(Cow::Borrowed(value));
        }
        if let Some((join, column)) = name.split_once('.') {
            if let Some((_, row)) = self.item.filter(|(item, _)| *item == join) {
                return row.value(column).map(Cow::Borrowed);
            }
            if let Some(rows) = self.case.joined.get(join) {
                return rows
                    .first()
                    .map_or(Some(Cow::Borrowed("")), |row| row.value(column).map(Cow::Borrowed));
            }
        }
        self.case.row.value(name).map(Cow::Borrowed)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::command::import::sheet::tests::row;

    /// A case of a row with these values.
    pub(crate) fn case(pairs: &[(&str, &str)]) -> Case {
        Case {
            row: row(pairs),
            file: "f.csv".into(),
            number: 1,
            derived: HashMap::new(),
            joined: HashMap::new(),
        }
    }

    /// Does something in the scope of a row with these values.
    pub(crate) fn with_case<T>(pairs: &[(&str, &str)], act: impl FnOnce(&Scope<'_>) -> T) -> T {
        act(&Scope::of(&case(pairs)))
    }

    #[test]
    fn names_mean_the_nearest() {
        let mut case = case(&[("a", "1"), ("p.x", "dotted")]);
        case.derived.insert("year".into(), "2008".into());
        let rows = [row(&[("price", "5")]), row(&[("price", "6")])];
        case.joined.insert("products".into(), rows.clone().into());
        case.joined.insert("nothing".into(), Arc::new([]));
        let scope = Scope::of(&case);
        let value = |name: &str| scope.value(name).map(Cow::into_owned);
        assert_eq!(value("@file").as_deref(), Some("f.csv"));
        assert_eq!(
            (value("@line").as_deref(), value("@row").as_deref()),
            (Some("2"), Some("1"))
        );
        assert_eq!(value("year").as_deref(), Some("2008"));
        assert_eq!(value("products.price").as_deref(), Some("5"));
        assert_eq!(value("nothing.price").as_deref(), Some(""));
        assert_eq!(value("p.x").as_deref(), Some("dotted"));
        assert_eq!((value("b"), value("products.b")), (None, None));
        let second = Scope {
            item: Some(("products", &rows[1])),
            ..scope
        };
        assert_eq!(second.value("products.price").as_deref(), Some("6"));
    }
}
