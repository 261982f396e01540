//! Read models for the pages.
