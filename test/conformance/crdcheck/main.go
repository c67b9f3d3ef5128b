// Command crdcheck says what a Kubernetes API server would make of custom resources: it runs the API server's own library
// (k8s.io/apiextensions-apiserver) on them, in the order in which the server does for a create with fieldValidation=Strict.
//
//	crdcheck <file or folder with CustomResourceDefinitions>... <objects.jsonl >verdicts.jsonl
//
// One object in JSON per line of the input, one verdict per line of the output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	metavalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// verdict is what the server would say.
type verdict struct {
	// Errors for which it refuses the object.
	Errors []string `json:"errors"`
	// Changed says that it would store something else than what was given: defaults, or null where nothing may be null.
	Changed bool `json:"changed"`
}

// version is one served version of a kind.
type version struct {
	namespaced bool
	structural *structural.Structural
	schema     validation.SchemaValidator
	rules      *cel.Validator
}

func main() {
	kinds := map[string]*version{}
	for _, root := range os.Args[1:] {
		must(filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			return readDefinitions(path, kinds)
		}))
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		must(json.NewEncoder(out).Encode(check(lines.Bytes(), kinds)))
	}
	must(lines.Err())
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// readDefinitions adds the kinds that a file defines, by apiVersion and kind.
func readDefinitions(path string, kinds map[string]*version) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	documents := utilyaml.NewYAMLOrJSONDecoder(file, 4096)
	for {
		crd := &v1.CustomResourceDefinition{}
		if err := documents.Decode(crd); err != nil {
			if err.Error() == "EOF" {
				return nil
			}
			return fmt.Errorf("%s: %w", path, err)
		}
		if crd.Kind != "CustomResourceDefinition" {
			continue
		}
		if err := addKind(crd, kinds); err != nil {
			return fmt.Errorf("%s: %s: %w", path, crd.Name, err)
		}
	}
}

func addKind(crd *v1.CustomResourceDefinition, kinds map[string]*version) error {
	v1.SetDefaults_CustomResourceDefinition(crd)
	v1.SetDefaults_CustomResourceDefinitionSpec(&crd.Spec)
	if len(crd.Status.StoredVersions) == 0 {
		for _, one := range crd.Spec.Versions {
			if one.Storage {
				crd.Status.StoredVersions = []string{one.Name}
			}
		}
	}
	internal := &apiextensions.CustomResourceDefinition{}
	if err := v1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(crd, internal, nil); err != nil {
		return err
	}
	if errs := crdvalidation.ValidateCustomResourceDefinition(context.Background(), internal); len(errs) > 0 {
		return errs.ToAggregate()
	}
	for _, one := range crd.Spec.Versions {
		if !one.Served {
			continue
		}
		props := &apiextensions.JSONSchemaProps{}
		if err := v1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(one.Schema.OpenAPIV3Schema, props, nil); err != nil {
			return err
		}
		schema, err := structural.NewStructural(props)
		if err != nil {
			return err
		}
		schema = schema.DeepCopy()
		if err := defaulting.PruneDefaults(schema); err != nil {
			return err
		}
		validator, _, err := validation.NewSchemaValidator(props)
		if err != nil {
			return err
		}
		kinds[crd.Spec.Group+"/"+one.Name+"/"+crd.Spec.Names.Kind] = &version{
			namespaced: crd.Spec.Scope == v1.NamespaceScoped,
			structural: schema,
			schema:     validator,
			rules:      cel.NewValidator(schema, true, celconfig.PerCallLimit),
		}
	}
	return nil
}

func check(line []byte, kinds map[string]*version) verdict {
	given := map[string]any{}
	if err := utiljson.Unmarshal(line, &given); err != nil {
		return refused(err.Error())
	}
	object := &unstructured.Unstructured{Object: given}
	kind := kinds[object.GetAPIVersion()+"/"+object.GetKind()]
	if kind == nil {
		return refused(fmt.Sprintf("no matches for kind %q in version %q", object.GetKind(), object.GetAPIVersion()))
	}
	original := object.DeepCopy().Object
	result := verdict{Errors: []string{}}

	// customresource_handler.go, unstructuredSchemaCoercer.apply, and then the defaulter of its codec
	meta, found, unknown, err := objectmeta.GetObjectMetaWithOptions(given, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return refused(err.Error())
	}
	unknown = append(unknown, pruning.PruneWithOptions(given, kind.structural, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})...)
	defaulting.PruneNonNullableNullsWithoutDefaults(given, kind.structural)
	fieldError, more := objectmeta.CoerceWithOptions(nil, given, kind.structural, false, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if fieldError != nil {
		return refused(fieldError.Error())
	}
	for _, path := range append(unknown, more...) {
		result.Errors = append(result.Errors, fmt.Sprintf("unknown field %q", path))
	}
	if found {
		must(objectmeta.SetObjectMeta(given, meta))
	}
	defaulting.Default(given, kind.structural)
	result.Changed = !reflect.DeepEqual(spec(original), spec(given))

	// registry/customresource/strategy.go Validate
	errs := metavalidation.ValidateObjectMetaAccessor(object, kind.namespaced, metavalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	errs = append(errs, validation.ValidateCustomResource(nil, given, kind.schema)...)
	errs = append(errs, objectmeta.Validate(nil, given, kind.structural, false)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, kind.structural, given)...)
	if kind.rules != nil && len(errs) == 0 {
		failed, _ := kind.rules.Validate(context.Background(), nil, kind.structural, given, nil, celconfig.RuntimeCELCostBudget)
		errs = append(errs, failed...)
	}
	for _, one := range errs {
		result.Errors = append(result.Errors, strings.ReplaceAll(one.Error(), "\n", " "))
	}
	return result
}

func refused(reason string) verdict {
	return verdict{Errors: []string{reason}}
}

// spec is all of an object but its metadata, which the server fills in on every object.
func spec(object map[string]any) map[string]any {
	rest := map[string]any{}
	for name, value := range object {
		if name != "metadata" {
			rest[name] = value
		}
	}
	return rest
}
