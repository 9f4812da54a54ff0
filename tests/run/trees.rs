//! What a run tests: labels, variants, uncommitted files.

use std::fs;

use serde_json::Value;

use crate::common::{User, shell};
use crate::{finished, sqlite};

#[test]
fn a_label_of_no_app_is_told_before_anything_is_made() {
    let user = User::new();
    let checkout = user.checkout();
    let ran = user.run_in(&checkout, &["run", "agregation.tests", "-d", "sqlite"]);
    ran.exits_with(2);
    assert!(
        ran.stderr.contains("did you mean aggregation?"),
        "{}",
        ran.stderr
    );
    let report = ["run", "basic", "--report", "junit=no/such/r.xml"];
    let ran = user.run_in(&checkout, &report);
    ran.exits_with(2);
    assert!(
        ran.stderr.contains("there is no folder no/such"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_variant_changes_settings_environment_and_flags_of_its_cells() {
    let user = User::new();
    let checkout = user.checkout();
    let folder = checkout.join("tests/djbuild_variant");
    fs::create_dir(&folder).expect("a new folder");
    fs::write(folder.join("__init__.py"), "").expect("a file");
    let test = "import os, sys\nfrom django.conf import settings\nfrom django.db import connection\n\
        from django.test import TestCase\n\
        class Variant(TestCase):\n\
        \x20   def test_it(self):\n\
        \x20       self.assertEqual(os.environ['COLOUR'], 'green')\n\
        \x20       self.assertEqual(settings.DJBUILD_EXTRA, {'deep': [1, True]})\n\
        \x20       self.assertIs(connection.settings_dict['OPTIONS']['server_side_binding'], True)\n\
        \x20       self.assertEqual(sys.warnoptions, [])\n";
    fs::write(folder.join("tests.py"), test).expect("a file");
    let matrix = "extends = \"quick\"\npythons = \"3.14\"\ndatabases = \"postgresql17\"\nvariants = \"green\"\n\
        [variant.green]\ndatabase-options = { server_side_binding = true }\n\
        settings = { DJBUILD_EXTRA = { deep = [1, true] } }\n\
        environment = { COLOUR = \"green\" }\nflags = [\"--reverse\"]\npython-flags = []\n";
    fs::write(checkout.join("djbuild.toml"), matrix).expect("a file");
    let ran = user.run_in(&checkout, &["run", "djbuild_variant", "--format", "json"]);
    ran.exits_with(0);
    let finished = finished(&ran);
    assert_eq!(finished["cell"], "main-python3.14-postgresql17-green");
    assert_eq!(finished["outcome"], "passed", "{finished}");
}

#[test]
fn uncommitted_changes_of_every_kind_are_tested_without_building_an_image() {
    let user = User::new();
    let checkout = user.checkout();
    user.run_in(
        &checkout,
        &sqlite(&["djbuild_awkward.tests.SubTests.test_all_pass"], &[]),
    )
    .exits_with(0);
    let test = "import os\nfrom pathlib import Path\nfrom django.test import SimpleTestCase\n\
        HERE = Path(__file__).parent\n\
        class Tree(SimpleTestCase):\n\
        \x20   def test_new_file(self):\n        pass\n\
        \x20   def test_executable(self):\n        self.assertTrue(os.access(HERE / 'tool', os.X_OK))\n\
        \x20   def test_link(self):\n        self.assertEqual(os.readlink(HERE / 'link'), 'tool')\n\
        \x20   def test_crlf(self):\n        self.assertIn(b'\\r\\n', (HERE / 'crlf.txt').read_bytes())\n\
        \x20   def test_name_that_is_no_utf_8(self):\n        self.assertIn(b'caf\\xe9', os.listdir(bytes(HERE)))\n\
        \x20   def test_deleted(self):\n        self.assertFalse((HERE.parent.parent / 'INSTALL').exists())\n\
        \x20   def test_modified(self):\n        import django\n        self.assertEqual(django.EDITED, 1)\n\
        \x20   def test_ignored(self):\n        self.assertFalse((HERE / 'ignored.tmp').exists())\n\
        \x20   def test_writable(self):\n        (HERE / 'written').write_text('')\n";
    let folder = checkout.join("tests/djbuild_tree");
    fs::create_dir(&folder).expect("a new folder");
    fs::write(folder.join("__init__.py"), "").expect("a file");
    fs::write(folder.join("tests.py"), test).expect("a file");
    fs::write(folder.join("crlf.txt"), "a\r\nb\r\n").expect("a file");
    fs::write(folder.join("ignored.tmp"), "").expect("a file");
    fs::write(checkout.join(".git/info/exclude"), "*.tmp\n").expect("a file");
    shell(&format!(
        "cd {} && echo x > tool && chmod +x tool && ln -s tool link && echo y > \"$(printf 'caf\\351')\" \
         && rm ../../INSTALL && echo 'EDITED = 1' >> ../../django/__init__.py && git add tool",
        folder.display()
    ));
    let ran = user.run_in(&checkout, &sqlite(&["djbuild_tree"], &[]));
    ran.exits_with(0);
    assert_eq!(ran.events_of("cell_totals")[0]["counts"]["tests"], 9);
    assert_eq!(ran.events_of("image_started"), Vec::<Value>::new());
}
