import "./try2.js";
