//! The modules of this crate stand in layers.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// All files of a module.
fn files(path: PathBuf) -> Vec<PathBuf> {
    let inside = fs::read_dir(path.with_extension("")).into_iter().flatten();
    let mut files: Vec<_> = inside
        .flat_map(|entry| files(entry.unwrap().path()))
        .collect();
    files.extend(path.is_file().then_some(path));
    files
}

/// Whether this code names the module behind `crate::`, or in the braces there.
fn uses(code: &str, module: &str) -> bool {
    let mut paths = code.split("crate::").skip(1);
    paths.any(|path| {
        let path = path.split([';', '(']).next().unwrap_or_default();
        let mut words = path.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        words.any(|word| word == module)
    })
}

#[test]
fn no_module_uses_one_of_its_own_layer_or_above() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = fs::read_to_string(source.join("lib.rs")).unwrap();
    let module = |line: &str| Some(line.split_once("mod ")?.1.strip_suffix(';')?.to_owned());
    let layers = lib.split("\n\n");
    let layers = layers.map(|layer| layer.lines().filter_map(module).collect::<Vec<_>>());
    let layers: Vec<_> = layers.filter(|layer| !layer.is_empty()).collect();
    assert!(layers.len() > 5, "{layers:?}");
    for (at, layer) in layers.iter().enumerate() {
        for module in layer {
            let above: Vec<_> = layers[at..]
                .iter()
                .flatten()
                .filter(|other| *other != module)
                .collect();
            for file in files(source.join(format!("{module}.rs"))) {
                let text = fs::read_to_string(&file).unwrap();
                let code = text
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
                let code: String = code.map(|line| format!("{line}\n")).collect();
                let used = above.iter().find(|other| uses(&code, other));
                assert_eq!(
                    used,
                    None,
                    "{} uses a module that is not below its own",
                    file.display()
                );
            }
        }
    }
}
