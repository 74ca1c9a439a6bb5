//! Which file is whose.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail, ensure};

use super::{
    mapping::{Join, Mapping, Table},
    sheet::{Row, Sheet},
};

/// A table with its files.
#[derive(Debug)]
pub(super) struct Assigned {
    /// The table's place in the mapping.
    pub(super) table: usize,
    /// Its files.
    pub(super) files: Vec<PathBuf>,
    /// The other files' rows, by key, for each join.
    pub(super) lookups: Vec<Lookup>,
}

/// The rows of a file by the value of a column.
pub(super) type Lookup = HashMap<String, Arc<[Row]>>;

/// Gives each table its files, reads the joined ones, and checks that every column that is named exists.
pub(super) fn assign(mapping: &Mapping, given: &[PathBuf]) -> anyhow::Result<Vec<Assigned>> {
    let mut assigned = Vec::new();
    let mut used = vec![false; given.len()];
    for (at, table) in mapping.tables.iter().enumerate() {
        let matching = given.iter().enumerate().filter(|(_, file)| matches(&table.file, file));
        let mut files = Vec::new();
        for (number, file) in matching {
            used[number] = true;
            files.push(file.clone());
        }
        let Some(first) = files.first() else { continue };
        let mut lookups = Vec::new();
        let mut columns: HashMap<&str, Vec<String>> = HashMap::new();
        for join in &table.joins {
            let path = joined(join, first, given)?;
            given
                .iter()
                .zip(&mut used)
                .filter(|(file, _)| **file == path)
                .for_each(|(_, used)| *used = true);
            let (names, lookup) = look_up(join, &path)?;
            columns.insert(&join.name, names);
            lookups.push(lookup);
        }
        for file in &files {
            check(table, file, &columns)?;
        }
        assigned.push(Assigned {
            table: at,
            files,
            lookups,
        });
    }
    if let Some((file, _)) = given.iter().zip(&used).find(|(_, used)| !**used) {
        let names: Vec<&str> = mapping.tables.iter().map(|table| table.file.as_str()).collect();
        bail!(
            "{} is none of the mapping's files: {}",
            file.display(),
            names.join(", ")
        );
    }
    Ok(assigned)
}

/// The joined file: one of those given, else the one beside the table's own.
fn joined(join: &Join, beside: &Path, given: &[PathBuf]) -> anyhow::Result<PathBuf> {
    if let Some(file) = given.iter().find(|file| matches(&join.file, file)) {
        return Ok(file.clone());
    }
    let name = join.file.trim_end_matches(".gz");
    [name.to_owned(), format!("{name}.gz")]
        .iter()
        .map(|name| beside.with_file_name(name))
        .find(|file| file.exists())
        .with_context(|| {
            format!(
                "join {}: {} is neither given nor beside {}",
                join.name,
                join.file,
                beside.display()
            )
        })
}

fn look_up(join: &Join, path: &Path) -> anyhow::Result<(Vec<String>, Lookup)> {
    let mut sheet = Sheet::open(path, join.dialect)?;
    let names = sheet.header().names().to_vec();
    ensure!(
        sheet.header().has(&join.key),
        "join {}: {} has no column {:?}",
        join.name,
        path.display(),
        join.key
    );
    let mut rows: HashMap<String, Vec<Row>> = HashMap::new();
    while let Some(row) = sheet.next()? {
        // A bad row of another file is told when that file is a table of its own; here it is as if it were missing.
        let Ok(row) = row else { continue };
        let key = row.value(&join.key).unwrap_or_default().to_owned();
        rows.entry(key).or_default().push(row);
    }
    Ok((names, rows.into_iter().map(|(key, rows)| (key, rows.into())).collect()))
}

fn check(table: &Table, file: &Path, joins: &HashMap<&str, Vec<String>>) -> anyhow::Result<()> {
    let sheet = Sheet::open(file, table.dialect)?;
    let header = sheet.header();
    for (place, name) in table.names() {
        let virtual_name = matches!(name.as_str(), "@file" | "@line" | "@row" | "@count");
        let derived = table.derived.iter().any(|derived| derived.name == name);
        let in_join = name
            .split_once('.')
            .and_then(|(join, column)| Some(joins.get(join)?.iter().any(|name| name == column)));
        ensure!(
            virtual_name || derived || header.has(&name) || in_join == Some(true),
            "{place}: {} has no column {name:?}; it has {}",
            file.display(),
            header.names().join(", ")
        );
    }
    Ok(())
}

/// Whether a file has the name: `*` stands for anything, and `.gz` at the end does not matter.
fn matches(pattern: &str, file: &Path) -> bool {
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let bare = |name: &str| name.strip_suffix(".gz").unwrap_or(name).to_owned();
    like(bare(pattern).as_bytes(), bare(name).as_bytes())
}

fn like(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|skipped| like(rest, &name[skipped..])),
        Some((first, rest)) => name
            .split_first()
            .is_some_and(|(byte, name)| byte == first && like(rest, name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_with_stars_and_whether_packed_or_not() {
        let matches = |pattern, file| matches(pattern, Path::new(file));
        assert!(matches("a.csv", "/x/a.csv") && matches("a.csv", "a.csv.gz") && matches("a.csv.gz", "a.csv"));
        assert!(matches("orders_*.csv", "orders_2018.csv") && matches("*", "x") && matches("*a*", "bab"));
        assert!(!matches("a.csv", "ba.csv") && !matches("orders_*.csv", "orders.csv"));
    }
}
