// @ts-check
// Mends what mdBook's page lacks for a keyboard or a screen reader: a sidebar button in reach, landmarks, code that scrolls without turning
// the page, <details> that open for print. And it makes the handout: print.html?handout is the book without answers and hints.
(() => {
    "use strict";

    // mdBook's sidebar button is the <label> of a hidden checkbox: a real button takes its place and clicks it.
    const label = document.getElementById("mdbook-sidebar-toggle");
    const open = /** @type {HTMLInputElement | null} */ (document.getElementById("mdbook-sidebar-toggle-anchor"));
    if (label && open) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = label.className;
        button.append(...label.childNodes);
        for (const name of ["title", "aria-label", "aria-controls"]) {
            button.setAttribute(name, label.getAttribute(name) ?? "");
        }
        const state = () => button.setAttribute("aria-expanded", String(open.checked));
        state();
        open.addEventListener("change", state);
        button.addEventListener("click", () => label.click());
        label.hidden = true;
        label.before(button);
    }

    document.getElementById("mdbook-menu-bar")?.setAttribute("role", "banner");
    document.getElementById("mdbook-search-wrapper")?.setAttribute("role", "search");
    // The book's title stands above every page. The page's own title is its one first heading.
    document.querySelector(".menu-title")?.setAttribute("role", "none");

    // Where mdBook lists its keys.
    const help = document.querySelector("#mdbook-help-popup p:nth-last-of-type(2)");
    if (help && document.querySelector("actor-trace")) {
        const keys = document.createElement("p");
        const kbd = (/** @type {string} */ key) => Object.assign(document.createElement("kbd"), { textContent: key });
        keys.append("In a recorded run: ", kbd("←"), " and ", kbd("→"), " for a step, ", kbd("Space"), " to play, ", kbd("Home"), " and ", kbd("End"));
        help.before(keys);
    }

    // What is wider than the page scrolls, so it must be in reach of the keyboard; what is not must not cost a press of Tab.
    const wide = new ResizeObserver((entries) => {
        for (const { target } of entries) {
            target.toggleAttribute("tabindex", target.scrollWidth > target.clientWidth);
            if (target.hasAttribute("tabindex")) {
                target.setAttribute("tabindex", "0");
            }
        }
    });
    document.querySelectorAll("pre > code, .table-wrapper, .drawing").forEach((block) => wide.observe(block));

    // mdBook turns the page on the arrow keys, also while they scroll such a block.
    document.querySelector("main")?.addEventListener("keydown", (event) => {
        const at = event.target;
        if (at instanceof Element && at.matches("[tabindex]") && at.scrollWidth > at.clientWidth && event.key.startsWith("Arrow")) {
            event.stopPropagation();
        }
    });

    const isPrint = /\/print(\.html)?$/.test(location.pathname);
    if (isPrint && new URLSearchParams(location.search).has("handout")) {
        document.querySelectorAll("check-yourself > details, exercise-check details details").forEach((answer) => answer.remove());
        document.querySelectorAll("check-yourself").forEach((question) => question.removeAttribute("answer"));
        // Solutions, and what leads to each failure: up to the next heading or page.
        for (const heading of document.querySelectorAll("h2[id^=after-it-passes], h2[id^=in-exercise]")) {
            while (heading.nextElementSibling?.matches(":not(h2, [style*=break])")) {
                heading.nextElementSibling.remove();
            }
            heading.remove();
        }
    }

    // What others answered (src/others.js) is loaded when somebody wants to see it.
    const exercise = isPrint ? null : [...document.querySelectorAll("exercise-check")].at(-1);
    if (exercise) {
        const others = document.createElement("details");
        others.className = "others";
        others.dataset.answers = `${path_to_root}answers/${location.pathname.replace(/.*\/|\.html$/g, "")}.js`;
        others.append(Object.assign(document.createElement("summary"), { textContent: "The code, wrong answers, and what the tests say of them" }));
        others.addEventListener("toggle", () => document.head.append(Object.assign(document.createElement("script"), { src: `${path_to_root}others.js` })), { once: true });
        exercise.after(others);
        // A link to one of them.
        others.open = location.search.startsWith("?answer=");
    }

    // The projector (src/projector.js) is for few: it is loaded with its key, and then listens to it by itself.
    if (!isPrint) {
        const load = () => {
            removeEventListener("keydown", byKey);
            document.head.append(Object.assign(document.createElement("script"), { src: `${path_to_root}projector.js` }));
        };
        /** @param {KeyboardEvent} event */
        const byKey = ({ key, target, altKey, ctrlKey, metaKey }) => {
            const isText = target instanceof Element && target.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=range])");
            if (key === "p" && !altKey && !ctrlKey && !metaKey && !isText) {
                load();
            }
        };
        addEventListener("keydown", byKey);
        if (sessionStorage.getItem("projector")) {
            load();
        }
        // Where mdBook lists its keys.
        const line = document.createElement("p");
        line.append(Object.assign(document.createElement("kbd"), { textContent: "p" }), " for the projector, and ");
        line.append(Object.assign(document.createElement("kbd"), { textContent: "PageDown" }), " to go on");
        document.querySelector("#mdbook-help-popup p:nth-last-of-type(2)")?.before(line);
    }

    // Paper cannot be unfolded. Where CSS can open a <details> for print (course.css), nothing has to be moved here.
    if (!CSS.supports("selector(::details-content)")) {
        /** @type {HTMLDetailsElement[]} */
        let opened = [];
        addEventListener("beforeprint", () => {
            opened = [...document.querySelectorAll("details")].filter((details) => !details.open);
            opened.forEach((details) => (details.open = true));
        });
        addEventListener("afterprint", () => opened.forEach((details) => (details.open = false)));
    }
})();
