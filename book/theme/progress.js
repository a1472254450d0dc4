// @ts-check
// How far the reader has come: when `cargo course` serves the book, the sidebar's line of each chapter, and its line in a list of
// chapters, says how its exercise stands. Nothing of it is stored: it is what the tests have said last.
(() => {
    "use strict";

    /** @typedef {{ page: string, passed: number, of: number, phase: string }} Standing */

    if (!document.cookie.split("; ").includes("cargo-course=live") || /\/print(\.html)?$/.test(location.pathname)) {
        return;
    }

    /** Chapters in the sidebar, and on a page that lists them. @param {string} page */
    const links = (page) => document.querySelectorAll(`:is(.sidebar, main .chapters) a[href$="${CSS.escape(page)}.html"]`);

    async function ask() {
        /** @type {Standing[]} */
        let standings;
        try {
            const answer = await fetch("api/progress");
            standings = answer.ok ? await answer.json() : [];
        } catch {
            return; // The server is gone: what is shown was true, and the exercise's box says that it is.
        }
        for (const { page, passed, of, phase } of standings) {
            // While a check is under way the last verdict stays.
            if (phase === "done" || phase === "broken") {
                links(page).forEach((link) => show(link, passed, of));
            }
        }
    }

    /** @param {Element} link @param {number} passed @param {number} of */
    function show(link, passed, of) {
        const done = of > 0 && passed === of;
        const text = done ? "✓ done" : passed > 0 ? `${passed} of ${of}` : "";
        let standing = link.querySelector(".standing");
        if (standing?.textContent === text || (!standing && !text)) {
            return;
        }
        if (!standing) {
            standing = document.createElement("span");
            // Read out as words of their own.
            link.append(" ", standing);
        }
        standing.className = done ? "standing done" : "standing";
        standing.textContent = text;
    }

    ask();
    // The box of an exercise says when there is a new verdict; other chapters may have one when the reader comes back to this page.
    document.addEventListener("verdict", ask);
    document.addEventListener("visibilitychange", () => document.hidden || ask());
    addEventListener("focus", ask);
})();
