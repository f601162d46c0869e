//! The order of a rendering: which files there will be, each of them rendered, everything that failed told at once.

use std::{
    collections::HashSet,
    io,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bakery_core::{
    config::{Diagnostic, Severity},
    plan::VersionFolder,
};
use minijinja::{Environment, Value};

use crate::{
    context::context,
    environment::environment,
    fault::{self, Failure, Faults},
    limits,
    outputs::{Fate, Output, fate},
    source::Source,
    sources::{Sources, Text},
    tidy::tidy,
    tree::{File, Tree},
};

/// A version's folder, made of its template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Its files, sorted by path.
    pub tree: Tree,
    /// Files of the template folder that are for operating systems which the version does not have.
    pub skipped: Vec<String>,
}

/// Renders the template folder of an image for one version. `macros` are searched after the folder itself and before
/// bakery's library.
///
/// # Errors
/// Everything that is wrong with any of the files.
pub fn render(folder: &VersionFolder<'_>, template: &Tree, macros: &[Tree]) -> Result<Rendered, Faults> {
    let whole = |code, message: &str| {
        let place = (template.path.as_str(), "");
        Faults::new(vec![Diagnostic::in_file(code, Severity::Error, place, None, message)])
    };
    // What nests in a template nests on the stack of whoever reads it.
    let rendered = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(limits::STACK);
        match thread.spawn_scoped(scope, || Rendering::new(folder, template, macros).map(Rendering::run)) {
            Ok(handle) => handle.join().ok(),
            Err(_) => None,
        }
    });
    match rendered {
        Some(Ok(rendered)) => rendered,
        Some(Err(error)) => {
            Err(whole(fault::TEMPLATE, &format!("the template engine does not start: {error}")))
        }
        None => Err(whole(fault::TEMPLATE, "the template engine could not be run, or stopped by itself")),
    }
}

struct Rendering<'r, 'c> {
    folder: &'r VersionFolder<'c>,
    template: &'r Tree,
    sources: Arc<Sources>,
    environment: Environment<'static>,
    printed: Arc<AtomicUsize>,
    files: Vec<File>,
    skipped: Vec<String>,
    faults: Vec<Diagnostic>,
}

impl<'r, 'c> Rendering<'r, 'c> {
    fn new(
        folder: &'r VersionFolder<'c>,
        template: &'r Tree,
        macros: &[Tree],
    ) -> Result<Self, minijinja::Error> {
        let sources = Arc::new(Sources::new(template, macros));
        let printed = Arc::new(AtomicUsize::new(0));
        Ok(Self {
            folder,
            template,
            environment: environment(Arc::clone(&sources), Arc::clone(&printed))?,
            sources,
            printed,
            files: Vec::new(),
            skipped: Vec::new(),
            faults: Vec::new(),
        })
    }

    fn run(mut self) -> Result<Rendered, Faults> {
        for file in &self.template.files {
            match fate(&file.path, self.folder) {
                Fate::Copy => self.files.push(file.clone()),
                Fate::Skip => self.skipped.push(file.path.clone()),
                Fate::Render(outputs) => self.file(file, &outputs),
            }
            if let Some(problem) = self.too_large() {
                self.faults.push(self.about_folder(fault::LIMIT, &problem));
                break;
            }
        }
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.find_clashes();
        if !self.faults.is_empty() {
            return Err(Faults::new(self.faults));
        }
        let tree = Tree { path: self.folder.path(), files: self.files };
        Ok(Rendered { tree, skipped: self.skipped })
    }

    /// Renders one file of the template folder. A failure that several variants share is told once.
    fn file(&mut self, file: &File, outputs: &[Output<'_>]) {
        let sources = Arc::clone(&self.sources);
        let Some(text) = sources.get(&file.path) else { return };
        let mut failures: Vec<(Failure, Vec<&Output<'_>>)> = Vec::new();
        for output in outputs {
            match self.one(file, text, output) {
                Ok(rendered) => self.files.push(rendered),
                Err(failure) => match failures.iter_mut().find(|(other, _)| *other == failure) {
                    Some((_, outputs)) => outputs.push(output),
                    None => failures.push((failure, vec![output])),
                },
            }
        }
        let findings = failures.iter().map(|(failure, outputs)| failure.finding(text, self.folder, outputs));
        self.faults.extend(findings);
    }

    fn one(&self, file: &File, text: &Text, output: &Output<'_>) -> Result<File, Failure> {
        let source = text.source.as_ref().map_err(Failure::unfit)?;
        let variables = context(self.folder, output);
        self.printed.store(0, Ordering::Relaxed);
        let mut bytes = Bounded(Vec::new());
        let rendered = self
            .environment
            .get_template(&file.path)
            .and_then(|template| template.render_captured_to(variables.clone(), &mut bytes).map(drop));
        if let Err(error) = rendered {
            let called = || self.called(&file.path, source, variables);
            return Err(Failure::engine(&error, (&file.path, text), &self.sources, called));
        }
        let text = String::from_utf8(bytes.0)
            .map_err(|_| Failure::whole(fault::TEMPLATE, "the template gives something that is not UTF-8"))?;
        Ok(File { path: output.path.clone(), bytes: tidy(&text).into_bytes(), mode: file.mode })
    }

    /// Which expression or statement was being rendered when it failed in an imported file, as a part of what was
    /// written. The engine does not say, so the template is rendered again and notes each one before it begins.
    fn called(&self, name: &str, source: &Source, variables: Value) -> Option<Range<usize>> {
        const NOTE: &str = "__bakery_reached";
        let reached = Arc::new(AtomicUsize::new(usize::MAX));
        let mut environment = self.environment.clone();
        environment.set_fuel(Some(4 * limits::FUEL));
        let note = Arc::clone(&reached);
        environment.add_function(NOTE, move |at: usize| {
            note.store(at, Ordering::Relaxed);
            ""
        });
        let mut noted = String::with_capacity(2 * source.prepared.len());
        let mut copied = 0;
        for (at, tag) in source.tags.iter().enumerate() {
            noted.push_str(&source.prepared[copied..tag.start]);
            noted.push_str(&format!("{{{{ {NOTE}({at}) }}}}"));
            copied = tag.start;
        }
        noted.push_str(&source.prepared[copied..]);
        self.printed.store(0, Ordering::Relaxed);
        let failed = environment
            .template_from_named_str(name, &noted)
            .and_then(|template| template.render_captured_to(variables, &mut Bounded(Vec::new())).map(drop));
        failed.err()?;
        source.tags.get(reached.load(Ordering::Relaxed)).map(|tag| source.as_written(tag))
    }

    fn too_large(&self) -> Option<String> {
        let bytes: usize = self.files.iter().map(|file| file.bytes.len()).sum();
        if self.files.len() > limits::FILES {
            return Some(format!("the version has more than {} files", limits::FILES));
        }
        (bytes > limits::VERSION)
            .then(|| format!("the files of the version have more than {} bytes", limits::VERSION))
    }

    /// Two files of one path: which of them wins would be chance.
    fn find_clashes(&mut self) {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        for file in &self.files {
            if !seen.insert(file.path.as_str()) {
                found.push(format!("two files of the template folder become `{}`", file.path));
            }
        }
        for file in &self.files {
            let folders = file.path.match_indices('/').map(|(at, _)| &file.path[..at]);
            for folder in folders.filter(|folder| seen.contains(folder)) {
                found.push(format!(
                    "`{folder}` is a file of the version, and the folder of `{}` as well",
                    file.path
                ));
            }
        }
        found.dedup();
        let findings: Vec<Diagnostic> =
            found.iter().map(|message| self.about_folder(fault::CLASH, message)).collect();
        self.faults.extend(findings);
    }

    fn about_folder(&self, code: &'static str, message: &str) -> Diagnostic {
        let place = (self.template.path.as_str(), "");
        let mut finding = Diagnostic::in_file(code, Severity::Error, place, None, message);
        finding.note(format!("image `{}`, version `{}`", self.folder.image.name, self.folder.version));
        finding
    }
}

/// A text that does not grow without end.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > limits::OUTPUT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
