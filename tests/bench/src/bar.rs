//! Bars: what was to be reached, and what was.

/// A bar of performance.md, and how far we come.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    /// Its number in performance.md.
    pub(crate) number: u32,
    /// What is measured, with sizes.
    pub(crate) name: String,
    /// What the figure is to be.
    pub(crate) goal: &'static str,
    /// What would make us proud.
    pub(crate) proud: &'static str,
    /// Ours, with its unit.
    pub(crate) ours: String,
    /// What it is compared with.
    pub(crate) theirs: String,
    /// What the goal is about: a ratio, or ours itself.
    pub(crate) figure: f64,
}

impl Bar {
    /// Says so at once: a run takes long.
    pub(crate) fn told(self) -> Self {
        let Self {
            number,
            name,
            goal,
            proud,
            ours,
            theirs,
            figure,
        } = &self;
        println!("{number} {name}: {ours} against {theirs}: {figure:.2} (goal {goal}, proud {proud})");
        self
    }
}
