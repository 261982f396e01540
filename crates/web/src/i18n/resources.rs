//! The Fluent files, embedded by name: a file that is missing in one language does not compile.

use super::Language;

macro_rules! resources {
    ($($name:literal),* $(,)?) => {
        /// File name and text of the files of a language.
        pub(super) fn of(language: Language) -> &'static [(&'static str, &'static str)] {
            match language {
                Language::Zh => &[$(($name, include_str!(concat!("../../locales/zh-CN/", $name)))),*],
                Language::En => &[$(($name, include_str!(concat!("../../locales/en/", $name)))),*],
            }
        }
    };
}

resources!(
    "frame.ftl",
    "case.ftl",
    "print.ftl",
    "watch.ftl",
    "form.ftl",
    "airlock.ftl",
    "batch.ftl",
    "report.ftl",
    "lists.ftl",
    "data.ftl",
    "own.ftl",
    "dataset.ftl",
    "retention.ftl",
    "lake.ftl",
    "governance.ftl",
    "ledger.ftl",
    "quality.ftl",
    "registry.ftl",
    "identity.ftl",
    "law.ftl",
    "refusals-acts.ftl",
    "refusals-data.ftl",
    "refusals-sandbox.ftl",
    "refusals-registry.ftl",
    "refusals-profile.ftl",
    "refusals-dm1.ftl",
    "refusals-dm2.ftl",
    "refusals-op.ftl",
    "refusals-jl.ftl",
    "refusals-qq.ftl",
    "refusals-lz.ftl",
    "demo.ftl",
);
