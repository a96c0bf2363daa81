import { existsSync, readdirSync, readFileSync } from "node:fs";
import { arch, cpus, hostname, platform, release, totalmem } from "node:os";
import { version } from "../util/version.ts";

/** What can be known of the machine without running a program. */
export function machineFacts(): Record<string, string | number> {
  const all = cpus();
  const facts = {
    host: hostname(),
    os: `${platform()} ${release()}`,
    arch: arch(),
    cpus: all.length,
    cpu: all[0]?.model.trim(),
    memory: totalmem(),
    gpu: gpus(),
    container: container(),
    mlgit: version,
  };
  const known = Object.entries(facts).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(known) as Record<string, string | number>;
}

/** As NVIDIA's driver names them; undefined where there is none. */
function gpus(): string | undefined {
  const folder = "/proc/driver/nvidia/gpus";
  const names = tryRead(() => readdirSync(folder)) ?? [];
  const models = names.map((name) => {
    const text = tryRead(() => readFileSync(`${folder}/${name}/information`, "utf8")) ?? "";
    return /^Model:\s*(.+)$/m.exec(text)?.[1] ?? "unknown";
  });
  return models.length === 0 ? undefined : models.sort().join(", ");
}

/** The image, from whoever started the container (MLGIT_IMAGE, such as its digest) or from podman; else what kind of container it is. */
function container(): string | undefined {
  const { MLGIT_IMAGE: image, KUBERNETES_SERVICE_HOST: kubernetes } = process.env;
  if (image) return image;
  const podman = tryRead(() => readFileSync("/run/.containerenv", "utf8"));
  if (podman !== undefined) {
    const field = (name: string) => new RegExp(`^${name}="(.+)"$`, "m").exec(podman)?.[1];
    return [field("image") ?? "podman", field("imageid")].filter(Boolean).join(" ");
  }
  if (kubernetes) return "kubernetes";
  return existsSync("/.dockerenv") ? "docker" : undefined;
}

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
