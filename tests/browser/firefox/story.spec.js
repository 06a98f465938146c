import { defineStories } from "../stories.js";
import { test } from "./firefox.js";

defineStories(test, "Firefox");
