import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import { describeWithS3, type S3Server } from "../helper/s3-server.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

jest.setTimeout(240_000);

/** As Google's bucket is reached through its XML interface: HMAC keys of a profile, the endpoint named. */
describeWithS3("a gs:// store with an endpoint", (startServer) => {
  let server: S3Server;
  let team: Team;
  let work: Clone;
  let env: Record<string, string>;
  let bucket: string;
  beforeAll(async () => {
    server = await startServer();
    bucket = await server.newBucket();
    team = await createTeam();
    work = await createProject(team);
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = server.env;
    const keys = `aws_access_key_id = ${AWS_ACCESS_KEY_ID}\naws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}\n`;
    env = { AWS_SHARED_CREDENTIALS_FILE: team.box.write("hmac", `[google]\n${keys}`), AWS_CONFIG_FILE: "/dev/null" };
  });
  afterAll(() => team?.box.remove());

  it("takes the data of a spec that names its bucket, and gives it back", async () => {
    const add = ["store", "add", "google", `gs://${bucket}/project`, "--endpoint-url", server.endpoint];
    await work.mlgit([...add, "--profile", "google"], { env });
    team.box.write("other/.keep", "");
    await work.mlgit(["store", "add", "other", team.box.path("other"), "--default"], { env });
    work.write(".gitattributes", "datasets/** filter=mlgit -text\ndatasets/**/*.spec -filter text\n");
    work.write(
      "datasets/flowers/flowers.spec",
      `dataset:\n  categories: [images]\n  manifest:\n    storage: gs://${bucket}\n  name: flowers\n  version: 1\n  mutability: flexible\n`,
    );
    work.write("datasets/flowers/a.bin", "petals ".repeat(10_000));
    await work.commit();
    await work.git(["push", "-q", "origin", "main"], { env });
    const tested = await work.mlgit(["store", "test", "google", "--json"], { env });
    expect(JSON.parse(tested.stdout)).toMatchObject({ initialised: true, writable: true });
    const clone = await team.clone("clone", { args: ["-b", "main"], env });
    // The profile is nobody's business but the user's, and the endpoint is on this machine.
    await clone.git(["config", "mlgit.store.google.profile", "google"]);
    await clone.mlgit(["hydrate", "."], { env });
    expect(clone.read("datasets/flowers/a.bin").toString()).toBe("petals ".repeat(10_000));
    await clone.git(["config", "mlgit.defaultStore", "google"]);
    await clone.mlgit(["fsck", "--store"], { env });
  });
});
