// @ts-check
// The reader's own code and its recorded runs, when `cargo course` serves the page: loaded by theme/exercise-check.js at the first click that
// asks for either.

/** The recorded runs in a fragment. They hold words of the reader's own code: made anew, as text, from the elements that a run has.
 * @param {string} html @param {string} source the code that ran, of which all lines are shown */
export function sections(html, source) {
    const lines = source.replace(/\n$/, "").split("\n");
    const pieces = [[lines[0], lines.join("").length, lines.map((_, at) => at + 1)]];
    const fragment = new DOMParser().parseFromString(html, "text/html");
    return [...fragment.querySelectorAll("section")].map((run) => {
        const section = make("section");
        section.dataset.label = run.dataset.label ?? "";
        const recorded = JSON.parse(run.querySelector('script[type="application/json"]')?.textContent ?? "");
        const data = make("script", "", JSON.stringify({ ...recorded, pieces: source ? pieces : [] }));
        data.type = "application/json";
        const steps = make("ol");
        steps.append(...[...run.querySelectorAll("ol > li")].map((step) => make("li", "", step.textContent ?? "")));
        section.append(make("p", "", run.querySelector("p")?.textContent ?? ""), data, steps);
        return section;
    });
}

/** The reader's own code, in which the player marks the line, or its tests. @param {string} file @param {string} source */
export function own(file, source) {
    if (!source) {
        return [];
    }
    const whose = /(^|[\\/])tests[\\/]/.test(file) ? "The tests in" : "Your";
    const name = make("p");
    name.append(`${whose} `, make("code", "hljs", file));
    const text = make("pre");
    // It scrolls, and what scrolls must be in reach of the keyboard.
    text.tabIndex = 0;
    text.setAttribute("role", "group");
    text.setAttribute("aria-label", `${whose} ${file}`);
    text.append(make("code", "language-rust", source));
    const code = make("div", "own-code");
    code.append(name, text);
    return [code];
}

/** Marks a line of code, and brings it into sight.
 * @param {HTMLElement | null} code @param {number} line */
export function mark(code, line) {
    if (code?.parentElement) {
        const { lineHeight, paddingTop } = getComputedStyle(code);
        const mark = make("span", "running-line");
        code.before(mark);
        mark.setAttribute("style", `height: ${lineHeight}; top: calc(${code.offsetTop}px + ${paddingTop} + ${line - 1} * ${lineHeight})`);
        code.parentElement.scrollTop = mark.offsetTop - code.parentElement.clientHeight / 2;
        code.parentElement.focus();
    }
}

/** @template {keyof HTMLElementTagNameMap} Tag @param {Tag} tag @param {string} style @param {string} text */
function make(tag, style = "", text = "") {
    return Object.assign(document.createElement(tag), { className: style, textContent: text });
}
