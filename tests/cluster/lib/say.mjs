// What tests counted, for who asked to hear it (--verbose).
let loud = false;

export const beLoud = () => { loud = true; };

export function say(text) { if (loud) console.log(text.replace(/^/gm, '     ')); }
