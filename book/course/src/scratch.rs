//! Workspaces of our own under the target folder, in which answers are built: to be judged, recorded or explored.

pub mod build;
pub mod manifest;
