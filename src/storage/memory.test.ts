import { describeStorage } from "../../test/storage/conformance.ts";
import { MemoryStorage } from "./memory.ts";

describeStorage("memory", async () => ({ storage: new MemoryStorage(), cleanup: async () => {} }));
