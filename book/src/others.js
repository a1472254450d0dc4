// @ts-check
// The exercise as it comes, and answers that others gave: a thought is picked, and the page shows the code that it leads to, and what the tests say of it. `theme/page.js`
// loads this when its <details> is opened; it loads the chapter's answers (answers/NN-name.js), which `cargo course judge --write` makes.
(() => {
    "use strict";

    const details = /** @type {HTMLDetailsElement} */ (document.querySelector("details.others"));
    const data = `${details.dataset.answers}`;
    script(data).then(
        ({ answers }) => details.append(...build(answers)),
        () => details.append(make("p", "The answers could not be loaded.")),
    );

    /** What a script of ours gives: so it can be loaded from a file, too.
     * @param {string} src
     * @returns {Promise<any>} */
    function script(src) {
        return new Promise((loaded, failed) => {
            const script = Object.assign(make("script", ""), { src, onload: () => loaded(script), onerror: failed });
            document.head.append(script);
        });
    }

    /** @type {Record<string, string> | undefined} */
    let runs;

    /** @typedef {{ name: string, thinks: string, test: string, in_some_schedules: boolean, code: number[][], said: string, has_run: boolean }} Answer
     * @param {{ lines: string[], given: number[][][], answers: Answer[] }} told */
    function build({ lines, given, answers }) {
        /** @param {number[][]} pieces */
        const text = (pieces) => pieces.flatMap(([first, count]) => lines.slice(first, first + count));
        // Where a line is indented makes no difference.
        const [stub, ...right] = given.map((pieces) => text(pieces).map((line) => line.trim()));
        const exercise = document.querySelector("exercise-check");
        const crate = exercise?.getAttribute("name");
        const usual = right.map((lines) => new Set([...stub, ...lines]));
        const promise = (/** @type {string} */ test) => {
            const summary = document.querySelector(`exercise-check details[data-test="${test}"] > summary`);
            return (summary?.querySelector(".promise") ?? summary)?.textContent;
        };
        const choice = make("select", "");
        choice.append(Object.assign(make("option", "(The exercise as it comes)"), { value: "" }));
        // By the test that each fails, in the page's order.
        const tests = [...document.querySelectorAll("exercise-check details[data-test]")].map((hints) => hints.getAttribute("data-test") ?? "");
        for (const test of new Set([...tests, ...answers.map(({ test }) => test)])) {
            const thoughts = answers.flatMap(({ test: fails, thinks }, at) => (fails === test ? [Object.assign(make("option", typeset(thinks).replaceAll("`", "")), { value: String(at) })] : []));
            if (thoughts[0]) {
                const group = make("optgroup", "");
                group.label = promise(test) ?? (test === "compile" ? "It does not compile" : test);
                group.append(...thoughts);
                choice.append(group);
            }
        }
        const [label, thinks, listing, verdict, words, more] = [make("label", "Pick a thought. The marks show what sets its code apart from the closest right answer."), make("p", ""), make("pre", ""), make("p", ""), make("pre", ""), make("p", "")];
        label.append(choice);
        const said = make("div", "");
        said.className = "said";
        said.append(words);
        const watch = Object.assign(make("button", "Watch it run"), { type: "button", className: "course-button quiet" });
        const run = make("div", "");
        /** Its code, with what is in none of the others marked. @param {string[]} own @param {Set<string>} others */
        const list = (own, others) => {
            const marks = make("span", "");
            marks.className = "own-lines";
            marks.setAttribute("aria-hidden", "true");
            marks.append(...own.map((line) => Object.assign(make("span", ""), { className: isOwn(line, others) ? "own" : "" })));
            const highlighted = make("code", own.join("\n"));
            highlighted.className = "language-rust";
            highlighted.tabIndex = 0;
            /** @type {any} */ (window).hljs?.highlightElement(highlighted);
            highlighted.prepend(marks);
            listing.replaceChildren(highlighted);
            // What is marked may be far down. The first code is shown before it is in the page.
            const first = /** @type {HTMLElement | null} */ (marks.querySelector(".own"));
            requestAnimationFrame(() => (highlighted.scrollTop = (first?.offsetTop ?? 0) - highlighted.clientHeight / 3));
        };
        const show = () => {
            const picked = choice.value;
            const answer = picked ? answers[Number(picked)] : null;
            [verdict, said, more].forEach((part) => (part.hidden = !answer));
            watch.hidden = !answer?.has_run;
            run.replaceChildren();
            if (!answer) {
                list(text(given[0]), new Set(stub));
                const tests = make("a", "its tests");
                const repository = document.querySelector("a[title='Git repository']")?.getAttribute("href");
                tests.href = `${repository}/tree/main/${exercise?.getAttribute("file")?.replace("src/lib.rs", "tests")}`;
                thinks.replaceChildren("This is what you begin with; ", tests, " are in the repository, and made to be read.");
                return;
            }
            const { name, test } = answer;
            const own = text(answer.code);
            thinks.replaceChildren(...typeset(answer.thinks).split("`").map((piece, at) => (at % 2 ? make("code", piece) : piece)));
            const count = (/** @type {Set<string>} */ lines) => own.filter((line) => isOwn(line, lines)).length;
            list(own, usual.reduce((best, lines) => (count(lines) < count(best) ? lines : best)));
            const how = test === "compile" ? "does not compile" : answer.in_some_schedules ? "fails in some schedules" : "fails";
            const title = promise(test);
            verdict.replaceChildren(...(title ? [make("b", title), " ", make("code", test), ` ${how}:`] : [`It ${how}:`]));
            words.textContent = answer.said.trim();
            const link = make("a", "What leads to this failure");
            link.href = `what-went-wrong.html#${crate}-${name}`;
            more.replaceChildren(link, "; to try it on your machine: ", make("code", `cargo course show ${crate} ${name}`));
            watch.onclick = async () => {
                const trace = await recorded(name, test, own);
                // Another one may have been picked meanwhile.
                if (choice.value === picked) {
                    run.replaceChildren(trace);
                }
            };
        };
        // The address names the answer: to send it to somebody, or to come back to it.
        choice.addEventListener("change", () => {
            history.replaceState(null, "", choice.value ? `?answer=${answers[Number(choice.value)].name}` : location.pathname);
            show();
        });
        const asked = new URLSearchParams(location.search).get("answer");
        const at = answers.findIndex(({ name }) => name === asked);
        if (asked) {
            choice.value = at < 0 ? "" : String(at);
            // Below mdBook's menu bar.
            details.style.scrollMarginTop = "5rem";
            requestAnimationFrame(() => details.scrollIntoView());
        }
        show();
        // A link to a step of its run.
        if (asked && location.hash.startsWith("#run=the-run-of")) {
            watch.click();
        }
        if (asked && at < 0) {
            thinks.prepend(`There is no answer named “${asked}” here. `);
        }
        return [label, thinks, listing, verdict, said, more, watch, run];
    }

    /** Whether none of the others has this line. One of nothing but brackets says nothing.
     * @param {string} line @param {Set<string>} others */
    function isOwn(line, others) {
        return /\w/.test(line) && !others.has(line.trim());
    }

    /** Quotation marks as in the book's prose, but not in code.
     * @param {string} text */
    function typeset(text) {
        return text.replace(/(`[^`]*`)|((?<![^\s(])")|(")|'/g, (_, code, opens, closes) => code ?? (opens ? "“" : closes ? "”" : "’"));
    }

    /** The recorded run of an answer: its lines are those of the code that is shown.
     * @param {string} name @param {string} test @param {string[]} code */
    async function recorded(name, test, code) {
        try {
            runs ??= (await script(data.replace(/js$/, "runs.js"))).runs;
        } catch {
            return make("p", "The runs could not be loaded.");
        }
        const trace = document.createElement("actor-trace");
        trace.setAttribute("label", `The run of ${test}`);
        trace.innerHTML = runs[name];
        for (const run of trace.querySelectorAll("script")) {
            const pieces = [[code[0], code.join("").length, code.map((_, at) => at + 1)]];
            run.textContent = JSON.stringify({ ...JSON.parse(run.textContent), pieces });
        }
        return trace;
    }

    /** @template {keyof HTMLElementTagNameMap} K
     * @param {K} tag
     * @param {string} text
     * @returns {HTMLElementTagNameMap[K]} */
    function make(tag, text) {
        return Object.assign(document.createElement(tag), { textContent: text });
    }
})();
