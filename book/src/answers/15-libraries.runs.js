document.currentScript.runs = {};
