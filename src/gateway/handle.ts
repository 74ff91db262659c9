import { DockerHandle } from "./docker-handle.ts";

import { ProcessHandle } from "./process-handle.ts";
import type { Recipe } from "./recipe.ts";
import type { Stoppable } from "./stoppable.ts";
import { SystemdHandle } from "./systemd-handle.ts";

export function handleOf(recipe: Recipe): Stoppable {
  switch (recipe.kind) {
    case "process":
      return new ProcessHandle(recipe);
    case "systemd":
      return new SystemdHandle(recipe);
    case "docker":
      return new DockerHandle(recipe);
  }
}
