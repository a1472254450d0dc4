//! A trace as a part of a page: the data, and the same in words for those who cannot see it play.

use super::Trace;

impl Trace {
    /// A `<section>` with the JSON in a script and the sentences in a list. Without blank lines, so that Markdown leaves it alone.
    /// `label` names the scenario where there are several to choose from.
    pub fn fragment(&self, label: &str) -> String {
        let mut html = format!(
            "<section data-label=\"{}\">\n<p>{}</p>\n<script type=\"application/json\">{}</script>\n<ol>\n",
            escape(label),
            escape(&self.title),
            self.json()
        );
        for sentence in self.sentences() {
            html.push_str(&format!("<li>{}</li>\n", escape(&sentence)));
        }
        html.push_str("</ol>\n</section>\n");
        html
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\n', " ")
}
