import { defineStories } from "../stories.js";
import { test } from "./webkit.js";

defineStories(test, "Safari");
