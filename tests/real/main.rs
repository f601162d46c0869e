//! Tests on real inputs that lie beside the repository: a product's configuration, upstreams' manifests, and what the
//! predecessor made of them. Where the folder is absent every test counts as ignored, never as passed.
#![expect(clippy::print_stderr, reason = "what is skipped is told")]

mod configuration;
mod dependencies;
mod manifests;
mod parity;
mod publish;
mod substitution;

use bakery_tests::shared_inputs;
use libtest_mimic::{Arguments, Failed, Trial};

type Test = fn(&std::path::Path) -> Result<(), Failed>;

const TESTS: [(&str, Test); 12] = [
    ("the_connect_images_load_with_four_deprecation_warnings", configuration::connect),
    ("the_multiplatform_example_loads_without_a_warning", configuration::multiplatform),
    ("the_matrix_of_the_real_configuration_equals_the_predecessor_s", parity::matrix),
    ("the_tags_of_the_real_configuration_equal_the_predecessor_s", parity::tags),
    ("the_plan_of_the_real_configuration_equals_the_predecessor_s", parity::plan),
    ("the_plan_with_temp_and_cache_registries_equals_the_predecessor_s", parity::temp_plan),
    ("every_product_and_channel_resolves_as_in_the_predecessor_s_table", manifests::table),
    ("the_dependency_lists_resolve_the_real_matrix_image", manifests::lists),
    ("real_dependency_lists_are_read", dependencies::lists),
    ("the_publish_plan_of_real_metadata_does_what_the_predecessor_did", publish::plan),
    ("the_publish_plan_is_the_same_where_indexes_are_converted", publish::plan_with_conversion),
    ("a_substituted_pin_gives_the_predecessor_s_address", substitution::addresses),
];

fn main() {
    let arguments = Arguments::from_args();
    let folder = shared_inputs();
    if folder.is_none() {
        eprintln!(
            "skipped: the folder of real inputs is not beside the repository (BAKERY_SHARED names another place)"
        );
    }
    let trials = TESTS
        .into_iter()
        .map(|(name, test)| {
            let folder = folder.clone();
            let absent = folder.is_none();
            Trial::test(name, move || test(&folder.ok_or("the real inputs are absent")?))
                .with_ignored_flag(absent)
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
